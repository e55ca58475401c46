;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; This tree as a package of Guix, with the modules of Guile and Python:
;;;   guix build -f guix.scm
;;;   guix shell -f guix.scm guile       # to use it
;;;   guix shell -D -f guix.scm          # to work at it
(use-modules (gnu packages autotools)
             (gnu packages backup)
             (gnu packages glib)
             (gnu packages gnome)
             (gnu packages gnupg)
             (gnu packages guile)
             (gnu packages pkg-config)
             (gnu packages python)
             (gnu packages sqlite)
             (guix build-system gnu)
             (guix gexp)
             (guix git-download)
             ((guix licenses) #:prefix license:)
             (guix packages)
             (guix utils))

(define %here (current-source-directory))

(package
  (name "libbuildq")
  (version "0.1.0")
  (source (local-file %here "libbuildq-checkout"
                      #:recursive? #t
                      #:select? (or (git-predicate %here) (const #t))))
  (build-system gnu-build-system)
  (arguments
   (list #:phases
         #~(modify-phases %standard-phases
             (replace 'check
               (lambda* (#:key tests? #:allow-other-keys)
                 ;; The others need nginx, Nix, or networks of their own.
                 (when tests?
                   (invoke "make" "check"
                           (string-append "TESTS=tests/queue/test-contract "
                                          "tests/guile/test-worker.scm"))))))))
  (native-inputs
   (list autoconf automake libtool pkg-config gobject-introspection vala guile-3.0 python
         python-pygobject))
  (inputs
   (list guile-3.0 json-glib libarchive libgcrypt libsoup sqlite))
  (propagated-inputs
   (list glib))                         ;of the public headers, in buildq-1.pc
  (home-page #f)
  (synopsis "Pull-based build farms: queues, workers, inputs and results")
  (description
   "libbuildq is a C library for build farms whose machines fetch their work: a queue
keeps jobs and gives out leases, workers find the inputs of jobs in mirrors and put their
results there.  It comes with a command, @command{buildq}, and with modules for Guile and
Python.")
  (license license:lgpl2.1+))

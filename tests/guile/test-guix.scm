;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; guix.scm: loaded where Guix is, and else read: that it is Scheme, has what a package
;; must have, and uses the modules of what it names.
(use-modules (buildq config)
             (ice-9 match)
             (srfi srfi-1)
             (tap))

(define file (string-append (getenv "top_srcdir") "/guix.scm"))

;; Where Guix has what the package names.
(define homes
  '(((gnu packages autotools) autoconf automake libtool)
    ((gnu packages backup) libarchive)
    ((gnu packages glib) glib gobject-introspection python-pygobject)
    ((gnu packages gnome) json-glib libsoup vala)
    ((gnu packages gnupg) libgcrypt)
    ((gnu packages guile) guile-3.0)
    ((gnu packages pkg-config) pkg-config)
    ((gnu packages python) python)
    ((gnu packages sqlite) sqlite)
    ((guix build-system gnu) gnu-build-system %standard-phases)
    ((guix gexp) local-file gexp)
    ((guix git-download) git-predicate)
    ((guix licenses) license:lgpl2.1+)
    ((guix packages) package)
    ((guix utils) current-source-directory)))

;; As (guix gexp) does.
(read-hash-extend #\~ (lambda (char port) (list 'gexp (read port))))
(read-hash-extend #\$ (lambda (char port) (list 'ungexp (read port))))

(define forms
  (call-with-input-file file
    (lambda (port)
      (let loop ((forms '()))
        (match (read port)
          ((? eof-object?) (reverse forms))
          (form (loop (cons form forms))))))))

(define (symbols form)
  (match form
    ((a . b) (append (symbols a) (symbols b)))
    ((? symbol?) (list form))
    (_ '())))

(define used
  (match forms
    ((('use-modules . modules) . _)
     (map (match-lambda
            (((? pair? module) #:prefix _) module)
            (module module))
          modules))))

(define named (delete-duplicates (symbols (cdr forms))))

(define fields
  (match (last forms)
    (('package . fields) fields)))

(define inputs
  (append-map (match-lambda
                (((or 'native-inputs 'inputs 'propagated-inputs) ('list . names)) names)
                (_ '()))
              fields))

(check "it has what a package must have" '()
       (lset-difference eq?
                        '(name version source build-system synopsis description home-page
                          license)
                        (map car fields)))
(check "it uses the modules of what it names" '()
       (filter-map (match-lambda
                     ((module . names)
                      (and (any (lambda (name) (memq name named)) names)
                           (not (member module used))
                           module)))
                   homes))
(check "it uses no other" '()
       (filter (lambda (module)
                 (match (assoc module homes)
                   ((_ . names) (not (any (lambda (name) (memq name named)) names)))
                   (#f #t)))
               used))
(check "it is known where its inputs come from" '()
       (lset-difference eq? inputs (append-map cdr homes)))
(check "its version is that of the library" (list %version) (assq-ref fields 'version))

(when (resolve-module '(guix packages) #f #:ensure #f)
  (ok ((module-ref (resolve-interface '(guix packages)) 'package?) (load file))
      "it is a package"))
(done)

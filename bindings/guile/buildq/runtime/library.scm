;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

(define-module (buildq runtime library)
  #:use-module (buildq config)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:export (c-pointer
            c-function
            library-path))

(define library-path
  (or (getenv "BUILDQ_LIBRARY") %libbuildq))

;; Looked up through this one handle, GLib's functions are those of the GLib that
;; libbuildq itself runs on.
(define library
  (load-foreign-library library-path #:extensions '("")))

(define (c-pointer name)
  "Return the address of the symbol NAME of libbuildq or of the libraries it is linked to.
It is an error for a symbol to be missing, when the module that needs it is loaded."
  (catch #t
    (lambda ()
      (foreign-library-pointer library name))
    (lambda _
      (scm-error 'misc-error "buildq" "~a has no symbol ~a: it does not fit version ~a of \
the modules" (list library-path name %version) #f))))

(define (c-function result name arguments)
  "Return the C function NAME as a procedure; RESULT and ARGUMENTS are types as in
(system foreign)."
  (pointer->procedure result (c-pointer name) arguments))

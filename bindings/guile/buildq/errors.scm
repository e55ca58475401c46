;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; What can go wrong, and how procedures written here say so.
(define-module (buildq errors)
  #:use-module ((buildq ffi) #:select (error-is-transient))
  #:use-module (buildq runtime)
  #:use-module (ice-9 exceptions)
  #:re-export (&buildq-error
               buildq-error?
               buildq-error-code
               buildq-error-domain
               buildq-error-message)
  #:export (buildq-error-transient?
            error-with-code?
            buildq-error
            raise-error
            stopping?
            exception->string))

(for-each (lambda (proc text)
            (set-procedure-property! proc 'documentation text))
          (list buildq-error? buildq-error-code buildq-error-domain)
          '("Return whether VALUE is a &buildq-error."
            "Return the code of ERROR, a symbol."
            "Return who says ERROR: buildq, gio, or runtime for these modules."))

(define (buildq-error-transient? exception)
  "Return whether the same call may succeed later, with nothing changed by the caller."
  (and (buildq-error? exception)
       (memq (buildq-error-domain exception) '(buildq gio))
       (error-is-transient exception)))

(define (error-with-code? exception code)
  (and (buildq-error? exception) (eq? code (buildq-error-code exception))))

(define (buildq-error who code message . arguments)
  "Return a &buildq-error with CODE, for the procedure WHO."
  (with-exception-handler identity
    (lambda () (raise-buildq-error who 'buildq code (apply format #f message arguments)))
    #:unwind? #t))

(define (raise-error . arguments)
  "Raise what `buildq-error' returns for ARGUMENTS."
  (raise-exception (apply buildq-error arguments)))

(define (stopping? exception)
  "Return whether EXCEPTION ends what the program does, and is no failure: ^C, or `exit'."
  (or (quit-exception? exception)
      (memq (exception-kind exception) '(signal interrupt user-interrupt))))

(define (exception->string exception)
  "Return what EXCEPTION says."
  (if (and (exception-with-message? exception)
           (eq? '%exception (exception-kind exception))) ;not of a Guile before 3.0
      (exception-message exception)
      (string-trim-right
       (call-with-output-string
         (lambda (port)
           (print-exception port #f (exception-kind exception)
                            (exception-args exception)))))))

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

(define-module (buildq runtime errors)
  #:use-module (buildq runtime library)
  #:use-module (ice-9 exceptions)
  #:use-module (rnrs bytevectors)
  #:use-module (system foreign)
  #:export (&buildq-error
            buildq-error?
            buildq-error-code
            buildq-error-domain
            buildq-error-message
            raise-buildq-error
            raise-wrong-type
            make-slot
            slot-pointer
            slot-int
            slot-int64
            take-error-slot
            finish-error-slot
            set-c-error!
            error->c
            register-error-codes!))

(define &buildq-error
  (make-exception-type '&buildq-error &error '(domain code)))

(define make-buildq-error
  (record-constructor &buildq-error))

(define buildq-error?
  (exception-predicate &buildq-error))

(define buildq-error-code
  (exception-accessor &buildq-error (record-accessor &buildq-error 'code)))

(define buildq-error-domain
  (exception-accessor &buildq-error (record-accessor &buildq-error 'domain)))

(define (buildq-error-message error)
  "Return what ERROR says."
  (exception-message error))

(define (raise-buildq-error who domain code message)
  "Raise a &buildq-error: CODE is a symbol, that of DOMAIN (buildq, gio, or runtime for
what this binding found out itself)."
  (raise-exception
   (make-exception (make-buildq-error domain code)
                   (make-exception-with-origin who)
                   (make-exception-with-message message))))

(define (raise-wrong-type who value expected)
  "Raise the error of Guile for a VALUE that is not what WHO expected."
  (scm-error 'wrong-type-arg (symbol->string who) "Wrong type (expecting ~A): ~S"
             (list expected value) (list value)))


;;;
;;; Where C leaves errors, and what else it returns by a pointer.
;;;

;; A pointer and the eight bytes it points to.
(define (make-slot)
  "Return a new place for a value of C, holding zero."
  (let ((bytes (make-bytevector 8 0)))
    (cons (bytevector->pointer bytes) bytes)))

(define-inlinable (slot-pointer slot)
  (car slot))

(define (slot-int slot)
  "Return the int in SLOT."
  (bytevector-sint-ref (cdr slot) 0 (native-endianness) (sizeof int)))

(define (slot-int64 slot)
  "Return the 64-bit integer in SLOT."
  (bytevector-s64-native-ref (cdr slot) 0))

;; Those for errors are kept, because it is dear to make a pointer to a bytevector. The
;; list is changed by steps that no interrupt can come between, and is the thread's own.
(define free-slots (make-thread-local-fluid '()))

(define (take-error-slot)
  "Return a place for a GError*, holding NULL."
  (let ((slots (fluid-ref free-slots)))
    (if (null? slots)
        (make-slot)
        (begin
          (fluid-set! free-slots (cdr slots))
          (car slots)))))

(define (finish-error-slot slot who)
  "Raise the error that was left in SLOT, if there is one."
  (let ((pointer (dereference-pointer (slot-pointer slot))))
    (bytevector-u64-native-set! (cdr slot) 0 0)
    (fluid-set! free-slots (cons slot (fluid-ref free-slots)))
    (unless (null-pointer? pointer)
      (raise-c-error pointer who))))


;;;
;;; GError.
;;;

(define g-quark-to-string (c-function '* "g_quark_to_string" (list uint32)))
(define g-quark-from-string (c-function uint32 "g_quark_from_string" '(*)))
(define g-error-new-literal (c-function '* "g_error_new_literal" (list uint32 int '*)))
(define g-error-free (c-function void "g_error_free" '(*)))
(define %g-error-free (c-pointer "g_error_free"))
(define g-set-error-literal
  (c-function void "g_set_error_literal" (list '* uint32 int '*)))
(define g-type-class-ref (c-function '* "g_type_class_ref" (list size_t)))
(define g-enum-get-value (c-function '* "g_enum_get_value" (list '* int)))
(define g-enum-get-value-by-nick
  (c-function '* "g_enum_get_value_by_nick" '(* *)))

(define (utf8 pointer)
  (pointer->string pointer -1 "UTF-8"))

(define domains '())

(define (register-error-codes! domain quark get-type)
  "Let the errors of the C domain QUARK be those of DOMAIN, with the nicks of the
enumeration that GET-TYPE names as codes."
  (let ((enumeration (g-type-class-ref ((c-function size_t get-type '())))))
    (set! domains
          (cons (list domain
                      (g-quark-from-string (string->pointer quark))
                      enumeration)
                domains))))

(define (domain-entry quark)
  (let loop ((entries domains))
    (cond ((null? entries) #f)
          ((= quark (cadr (car entries))) (car entries))
          (else (loop (cdr entries))))))

;; A GEnumValue is an int, the name and the nick.
(define (enum-value-nick value)
  (string->symbol (utf8 (caddr (parse-c-struct value (list int '* '*))))))

(define (error-code entry code)
  (let ((value (if entry (g-enum-get-value (caddr entry) code) %null-pointer)))
    (if (null-pointer? value)
        code
        (enum-value-nick value))))

(define (raise-c-error pointer who)
  (let* ((fields (parse-c-struct pointer (list uint32 int '*)))
         (entry (domain-entry (car fields)))
         (domain (if entry
                     (car entry)
                     (string->symbol (utf8 (g-quark-to-string (car fields))))))
         (code (error-code entry (cadr fields)))
         (message (utf8 (caddr fields))))
    (g-error-free pointer)
    (raise-buildq-error who domain code message)))

;; The domain and the number of a code; what C has no word for has failed.
(define (error->numbers error)
  (let* ((entry (or (and (buildq-error? error)
                         (assq (buildq-error-domain error) domains))
                    (assq 'buildq domains)))
         (code (and (buildq-error? error) (buildq-error-code error)))
         (value (if (symbol? code)
                    (g-enum-get-value-by-nick
                     (caddr entry) (string->pointer (symbol->string code)))
                    %null-pointer)))
    (values (cadr entry)
            (if (null-pointer? value)
                0
                (car (parse-c-struct value (list int)))))))

(define (error-text error)
  (if (buildq-error? error)
      (buildq-error-message error)
      (string-trim-right
       (call-with-output-string
         (lambda (port)
           (print-exception port #f (exception-kind error) (exception-args error)))))))

(define (error->c error who)
  "Return a GError that says what ERROR, a &buildq-error, does."
  (unless (buildq-error? error)
    (raise-wrong-type who error "&buildq-error"))
  (call-with-values (lambda () (error->numbers error))
    (lambda (quark code)
      (let ((pointer (g-error-new-literal
                      quark code (string->pointer (error-text error) "UTF-8"))))
        (set-pointer-finalizer! pointer %g-error-free)
        pointer))))

(define (set-c-error! location error)
  "Store ERROR, anything that can be raised, where LOCATION, a GError**, points to."
  (call-with-values (lambda () (error->numbers error))
    (lambda (quark code)
      (g-set-error-literal location quark code
                           (string->pointer (error-text error) "UTF-8")))))

(register-error-codes! 'gio "g-io-error-quark" "g_io_error_enum_get_type")

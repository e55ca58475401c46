;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Scheme procedures that C calls. C is given the address of one procedure for each C
;; signature, which lives as long as the module, and a number for the rest.
(define-module (buildq runtime callbacks)
  #:use-module (buildq runtime context)
  #:use-module (buildq runtime errors)
  #:use-module (buildq runtime library)
  #:use-module (buildq runtime types)
  #:use-module (srfi srfi-9)
  #:use-module (system foreign)
  #:export (async-callback
            %async-ready
            notified-callback
            answer-callback
            register-signal!
            emit-signal
            signal-connect
            signal-disconnect))

(define (check-procedure value who)
  (unless (procedure? value)
    (raise-wrong-type who value "procedure")))

;;;
;;; GAsyncReadyCallback: called once.
;;;

(define-record-type <call>
  (make-call procedure stem source)
  call?
  (procedure call-procedure)
  (stem call-stem)
  (source call-source))

(define (async-callback procedure stem source who)
  "Return the number for PROCEDURE, which is called with SOURCE and a result when STEM is
done; 0 for #f."
  (if procedure
      (begin
        (check-procedure procedure who)
        (callback-register! (make-call procedure stem source)))
      0))

(define (answered call result)
  (let ((result (c->result result (call-stem call) (call-source call))))
    (later! (lambda ()
              (hand-over-result! result)
              ((call-procedure call) (call-source call) result)))))

(define %async-ready
  (procedure->pointer
   void
   (lambda (source result id)
     (call-from-c (lambda () (answered (callback-take! id) result))
                  fail-later!))
   (list uintptr_t uintptr_t uintptr_t)))


;;;
;;; Callbacks that are called until they are destroyed, and answer.
;;;

(define (notified-callback procedure who)
  "Return the number for PROCEDURE; 0 for #f."
  (if procedure
      (begin
        (check-procedure procedure who)
        (callback-register! procedure))
      0))

(define (answer-callback id arguments error)
  "Call the procedure of number ID for C with what (ARGUMENTS) returns, a list. It must
return a boolean, soon, because no interrupts are handled meanwhile. When it raises an
exception, the answer is false, and the exception is what C finds in ERROR, a GError**; one
that is not a &buildq-error is also raised by the pump."
  (let ((procedure (callback-ref id)))
    (call-from-c
     (lambda ()
       (let ((answer (apply procedure (arguments))))
         (unless (boolean? answer)
           (raise-wrong-type 'callback answer "boolean returned by the callback"))
         (boolean->c answer)))
     (lambda (failure)
       (unless (null-pointer? error)
         (set-c-error! error failure))
       (if (buildq-error? failure)
           0
           (fail-later! failure))))))


;;;
;;; Signals.
;;;

(define g-signal-connect-data
  (c-function unsigned-long "g_signal_connect_data" (list '* '* '* uintptr_t '* int)))
(define g-signal-handler-disconnect
  (c-function void "g_signal_handler_disconnect" (list '* unsigned-long)))
(define g-signal-handler-is-connected
  (c-function int "g_signal_handler_is_connected" (list '* unsigned-long)))

;; From types to lists of (name . address of the procedure that C calls).
(define signals (make-hash-table))

(define (register-signal! type name address)
  "Let objects of TYPE have the signal NAME, which calls C's ADDRESS."
  (hashq-set! signals type (acons name address (hashq-ref signals type '()))))

(define (signal-address type name)
  (let loop ((types (cons type (c-type-parents type))))
    (and (not (null? types))
         (or (assq-ref (hashq-ref signals (car types) '()) name)
             (loop (cdr types))))))

(define (emit-signal instance id arguments)
  "Have the handler of number ID called with the object at INSTANCE and the list that
(ARGUMENTS) returns."
  (define (emit)
    (let* ((handler (callback-ref id))
           (object (c->object/ref instance (cdr handler)))
           (arguments (arguments)))
      (later! (lambda ()
                (apply (car handler) object arguments)))))
  (call-from-c emit fail-later!))

(define (signal-connect object name procedure)
  "Call PROCEDURE with OBJECT and the signal's arguments whenever OBJECT emits NAME, a
symbol such as log-wanted or notify::state. Return the number of the connection."
  (unless (handle? object)
    (raise-wrong-type 'signal-connect object "object"))
  (check-procedure procedure 'signal-connect)
  (let* ((type (handle-type object))
         (pointer (object->c object type 'signal-connect))
         (address (signal-address type name)))
    (unless address
      (raise-buildq-error 'signal-connect 'runtime 'not-found
                          (format #f "the ~a has no signal ~a" (c-type-name type) name)))
    (guarded (g-signal-connect-data pointer
                                    (string->pointer (symbol->string name) "UTF-8")
                                    address
                                    (callback-register! (cons procedure type))
                                    %destroy-callback 0))))

(define (signal-disconnect object connection)
  "Undo the CONNECTION that signal-connect of OBJECT returned; once more is no error."
  (unless (handle? object)
    (raise-wrong-type 'signal-disconnect object "object"))
  (let ((pointer (object->c object (handle-type object) 'signal-disconnect))
        (connection (integer->c connection 1 (1- (expt 2 (* 8 (sizeof unsigned-long))))
                                'signal-disconnect)))
    (guarded
     (unless (zero? (g-signal-handler-is-connected pointer connection))
       (g-signal-handler-disconnect pointer connection)))))

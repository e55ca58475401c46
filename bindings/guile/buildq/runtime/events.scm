;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; What a loop that is not the pump of the runtime is made of: (buildq tasks) is one.
(define-module (buildq runtime events)
  #:use-module (buildq runtime callbacks)
  #:use-module (buildq runtime context)
  #:use-module (buildq runtime library)
  #:use-module (buildq runtime types)
  #:use-module (system foreign)
  #:export (dispatch-events
            wait-for-events
            wake-suspended
            context-port
            wake-up-context
            add-timer
            remove-timer
            close-watched))

(define (dispatch-events)
  "Dispatch what has happened to this thread's objects, without waiting. What a callback
raises comes out of here."
  (let ((context (current-context)))
    (release-unreachable! context)
    (dispatch! context)
    (run-events! context)))

(define (wait-for-events)
  "Wait until there may be something for dispatch-events."
  (let ((context (current-context)))
    (unless (events? context)
      (wait-until-readable context #f))))

(define (wake-suspended)
  "Let what is suspended in wait-for-events on this thread, as fibers are, look again."
  (let ((context (current-context)))
    (when (positive? (context-waiting context))
      (wake-others! context))))

(define (context-port)
  "Return a port that is readable when there is something for dispatch-events. Nothing is to
be read from it, and it is not to be closed."
  (context-port* (current-context)))

(define g-main-context-wakeup (c-function void "g_main_context_wakeup" '(*)))

(define (wake-up-context context)
  "Let the thread of CONTEXT return from wait-for-events. Any thread may do so."
  (g-main-context-wakeup (context-pointer context)))

(define g-source-set-timer (c-function void "g_source_set_callback" (list '* '* uintptr_t '*)))

;; A GSourceFunc, that is called once.
(define %timer
  (procedure->pointer int
                      (lambda (id)
                        (call-from-c (lambda () (later! (callback-ref id)))
                                     fail-later!)
                        0)
                      (list uintptr_t)))

(define (add-timer seconds thunk)
  "Call THUNK after SECONDS; return a timer."
  (let* ((context (current-context))
         (source (g-timeout-source-new (milliseconds seconds))))
    (g-source-set-timer source %timer (callback-register! thunk) %destroy-callback)
    (g-source-attach source (context-pointer context))
    source))

(define (remove-timer timer)
  "Drop TIMER, whether it has been called or not; this is done once."
  (guarded (g-source-destroy timer))
  (g-source-unref timer))

(define g-object-weak-ref (c-function void "g_object_weak_ref" (list '* '* uintptr_t)))

;; A GWeakNotify.
(define %gone
  (procedure->pointer void
                      (lambda (id object)
                        (call-from-c (lambda () (later! (callback-take! id)))
                                     fail-later!))
                      (list uintptr_t '*)))

(define (close-watched handle)
  "Close HANDLE, an object, and return a procedure that returns whether C has let go of it."
  (let ((gone? #f))
    (g-object-weak-ref (object->c handle (handle-type handle) 'close) %gone
                       (callback-register! (lambda () (set! gone? #t))))
    (close-handle handle)
    (lambda () gone?)))

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; That wrong use of the binding is an error and not a crash, and that what belongs to C
;; is kept as long as it is needed and no longer.
(use-modules (buildq ffi)
             (buildq runtime)
             (farm)
             (ice-9 control)
             (ice-9 threads)
             (srfi srfi-1)
             (system foreign)
             (tap))

(define queue (queue-new-for-uri "memory:" #f))
(submit queue "a")

(define g-main-depth (c-function int "g_main_depth" '()))
(define g-object-add-weak-pointer (c-function void "g_object_add_weak_pointer" '(* *)))


;; Callbacks that do what they should not. Each time C must have ended what it did.
(define (callback-does proc)
  (get-job-async queue "a" (lambda (source result) (proc)))
  (pump #:timeout deadline))

(check-error "what a callback raises comes out of the pump" "thrown 1"
             (callback-does (lambda () (error "thrown" 1))))
(check "and C has left its loop" 0 (g-main-depth))
(check "a callback can jump out of the pump" 'jumped
       (call/ec (lambda (k) (callback-does (lambda () (k 'jumped))))))
(check "and to a prompt" 'aborted
       (call-with-prompt 'tag
         (lambda () (callback-does (lambda () (abort-to-prompt 'tag))))
         (const 'aborted)))
(check-raises "an exit is an exit" exception-kind 'quit
              (callback-does (lambda () (exit 3))))
(check "and C has left its loop again" 0 (g-main-depth))
(check-error "what two callbacks raise at once comes out one by one" "first"
             (begin
               (get-job-async queue "a" (lambda _ (error "first")))
               (get-job-async queue "a" (lambda _ (error "second")))
               (pump-until (const #f) #:timeout deadline)))
(check-error "the second after the first" "second"
             (pump-until (const #f) #:timeout deadline))
(check-error "a callback with wrong arguments" "Wrong number of arguments"
             (begin
               (get-job-async queue "a" (lambda () 'none))
               (pump-until (const #f) #:timeout deadline)))
(check "the queue still answers" 'ready
       (job-status-get-state (get-job queue "a")))
(check "a callback can call and wait" '(ready 0)
       (let ((inner #f))
         (get-job-async queue "a"
                        (lambda (source result)
                          (set! inner (list (job-status-get-state (get-job queue "a"))
                                            (g-main-depth)))))
         (pump-until (lambda () inner) #:timeout deadline)))
(check-error "what is raised in a call within a callback" "inner"
             (callback-does
              (lambda ()
                (callback-does (lambda () (error "inner"))))))
(check-error "a callback that is no procedure" "get-job-async"
             (get-job-async queue "a" 'procedure))
(check "no callback is allowed" #t
       (begin
         (get-job-async queue "a" #f)
         (pump #:timeout 0)
         (job-status? (get-job queue "a"))))


;; Arguments.
(check-error "a wrong type is named" "expecting job" (request-builder-add-job
                                                      (request-builder-new) queue))
(check-error "and the procedure" "job-get-key" (job-get-key 1))
(check-error "a symbol for a string" "expecting string" (job-builder-set-key
                                                         (job-builder-new) 'key))
(check-error "a nul in a string" "nul" (job-builder-set-key (job-builder-new) "a\0b"))
(check-error "a list with a number" "list of strings"
             (job-builder-set-argv (job-builder-new) '("a" 1)))
(check-error "an improper list" "list of strings"
             (job-builder-set-argv (job-builder-new) '("a" . "b")))
(check-error "a number that is too large" "integer from"
             (job-builder-set-cores (job-builder-new) (expt 2 63)))
(check-error "a fraction" "integer from" (job-builder-set-cores (job-builder-new) 1.5))
(check-error "an unknown symbol" "one of (succeeded" (outcome-to-string 'nope))
(check-error "no result" "expecting result" (queue-get-job-finish queue #f))
(check-raises "the result of another call" buildq-error-code 'invalid
              (finish (lambda (k) (get-job-async queue "a" k))
                      (lambda (result) (queue-submit-finish queue result))))
(check-raises "the result of another object" buildq-error-code 'invalid
              (finish (lambda (k) (get-job-async queue "a" k))
                      (lambda (result)
                        (queue-get-job-finish (queue-new-for-uri "memory:" #f) result))))
(check-raises "a result twice" buildq-error-code 'closed
              (finish (lambda (k) (get-job-async queue "a" k))
                      (lambda (result)
                        (queue-get-job-finish queue result)
                        (queue-get-job-finish queue result))))


;; Signals.
(define agent (agent-new queue "machine"))
(check-raises "an unknown signal" buildq-error-code 'not-found
              (signal-connect agent 'nope list))
(check-error "a handler that is no procedure" "procedure"
             (signal-connect agent 'attached 1))
(define attached 0)
(define connection
  (signal-connect agent 'attached (lambda (agent) (set! attached (1+ attached)))))
(define failing (signal-connect agent 'attached (lambda (agent) (error "in a handler"))))
(agent-start agent)
(check-error "what a handler raises comes out of the pump" "in a handler"
             (pump-until (const #f) #:timeout deadline))
(check "the other handler was called, once" 1 attached)
(signal-disconnect agent connection)
(signal-disconnect agent connection)
(check "a handler can be disconnected twice" #t (agent-is-attached agent))
(check-error "a connection that is no number" "integer"
             (signal-disconnect agent 'connection))


;; Closed.
(define closed-queue (queue-new-for-uri "memory:" #f))
(close-handle closed-queue)
(close-handle closed-queue)
(check-raises "a closed object" buildq-error-code 'closed (submit closed-queue "a"))
(check "shows that it is closed" "#<local-queue closed>"
       (format #f "~a" closed-queue))
(define closed-job (job "closed"))
(close-handle closed-job)
(check-raises "a closed value" buildq-error-code 'closed (job-get-key closed-job))
(check "a call goes on when its object is closed" #t
       (let ((queue (queue-new-for-uri "memory:" #f))
             (called? #f))
         (submit-async queue '("a") (lambda _ (set! called? #t)))
         (close-handle queue)
         (pump-until (lambda () called?) #:timeout deadline)))


;; Threads.
(define (in-thread thunk)
  (join-thread
   (call-with-new-thread
    (lambda ()
      (let ((value (with-exception-handler identity thunk #:unwind? #t)))
        (leave-context!)
        value)))))

(define code-in-thread
  (compose buildq-error-code in-thread))

(check "a method on another thread" 'wrong-thread
       (code-in-thread (lambda () (get-job-async queue "a" #f))))
(check "to close on another thread" 'wrong-thread
       (code-in-thread (lambda () (close-handle queue))))
(check "a signal on another thread" 'wrong-thread
       (code-in-thread (lambda () (signal-connect queue 'pushed list))))
(check "a result on another thread" 'wrong-thread
       (finish (lambda (k) (get-job-async queue "a" k))
               (lambda (result)
                 (code-in-thread (lambda () (queue-get-job-finish queue result))))))
(check "a value on another thread" "a"
       (let ((job (job "a")))
         (in-thread (lambda () (job-get-key job)))))
(check-raises "another thread can cancel" buildq-error-code 'cancelled
              (let ((cancellable (make-cancellable)))
                (in-thread (lambda () (cancel! cancellable)))
                (finish (lambda (k) (queue-get-job-async queue "a" 0 cancellable k))
                        (lambda (result) (queue-get-job-finish queue result)))))

;; In a procedure of its own, so that nothing is left on the stack.
(define (drop-queues slots)
  (for-each (lambda (slot)
              (let ((queue (queue-new-for-uri "memory:" #f)))
                (g-object-add-weak-pointer (object->c queue <local-queue> 'test)
                                           (slot-pointer slot))
                (slot-set! slot queue)))
            slots))

(define (slot-set! slot queue)
  ((@ (rnrs bytevectors) bytevector-u64-native-set!)
   (cdr slot) 0 (pointer-address (object->c queue <local-queue> 'test))))

(define (alive slots)
  (count (lambda (slot) (not (zero? (slot-int64 slot)))) slots))

(define slots (map (lambda (i) (make-slot)) (iota 20)))
(drop-queues slots)
(in-thread (lambda () (for-each (lambda (i) (gc)) (iota 5))))
(check "nothing is released on another thread" 20 (alive slots))
(gc)
(pump #:timeout 0)
(ok (< (alive slots) 5) "what nobody has is released by the pump" (alive slots))

(check "objects are closed when their thread leaves" 'closed
       (in-thread (lambda ()
                    (let ((queue (queue-new-for-uri "memory:" #f)))
                      (leave-context!)
                      (with-exception-handler buildq-error-code
                        (lambda () (submit queue "a"))
                        #:unwind? #t)))))

;; Memory and time.
(check "a missing function is an error when it is bound" #t
       (with-exception-handler
         (lambda (exception)
           (let ((text (call-with-output-string
                         (lambda (port)
                           (print-exception port #f (exception-kind exception)
                                            (exception-args exception))))))
             (and (string-contains text "has no symbol buildq_no_such_function") #t)))
         (lambda () (c-function void "buildq_no_such_function" '()))
         #:unwind? #t))
(check "the pump returns after its time" #f (pump #:timeout 0.01))
(check "pump-until does" #f (pump-until (const #f) #:timeout 0.01))

(done)

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Mistakes that programs make, and much work: no crash, and a clear error for each.
(use-modules (buildq)
             ((buildq ffi) #:prefix ffi:)
             (buildq runtime)
             (folder)
             (ice-9 match)
             (ice-9 threads)
             (srfi srfi-1)
             (tap))

(define any-offer
  (offer (machine-group #:systems '("any") #:kinds '("scheme") #:slots 64)))

(define (any-job key . options)
  (apply job #:key key #:system "any" #:kind "scheme" options))

(define-syntax-rule (check-code name code expression)
  (check-raises name buildq-error-code 'code expression))

(define (code-or-value thunk)
  (with-exception-handler
   (lambda (exception)
     (if (buildq-error? exception) (buildq-error-code exception) exception))
   thunk
   #:unwind? #t))


;;;
;;; Wrong arguments.
;;;

(define queue (open-queue "memory:"))
(check-error "a key that is a number" "string" (job #:key 42))
(check-error "a list of what are no strings" "list of strings" (job #:key "a" #:argv '(1)))
(check-error "a text with a NUL" "nul" (job #:key "a\0b"))
(check-error "an output of another type" "output" (job #:key "a" #:outputs '(out)))
(check-error "no job" "request" (queue-submit! queue 42))
(check-error "no queue" "queue" (queue-submit! 42 (any-job "a")))
(check-error "a value for an object" "queue" (queue-job (any-job "a") "a"))
(check-error "a state that is none" "one of" (queue-set-worker-state! queue "w" 'asleep))
(check-error "an outcome that is none" "one of"
             (call-with-agent queue "m"
               (lambda (agent)
                 (queue-submit! queue (any-job "outcome"))
                 (lease-complete! (agent-lease! agent #:timeout 30) #:outcome 'odd))
               #:offer any-offer))
(check-code "an argument that C refuses" invalid (job #:key ""))
(check-code "a queue of no known kind" not-supported (open-queue "gopher://x"))
(check-code "an input from nowhere" invalid (input "x"))
(check-code "a request that is not there" not-found (queue-wait queue "nothing"))
(check-code "JSON that is none" invalid (json->job "{"))


;;;
;;; After the end.
;;;

(define closed (open-queue "memory:"))
(define agent-of-closed (open-agent closed "m"))
(close-agent agent-of-closed)
(close-queue closed)
(check-code "a queue that was closed" closed (queue-submit! closed (any-job "a")))
(check "closing it again" #t (begin (close-queue closed) #t))
(check-code "an agent that was closed" closed (agent-lease! agent-of-closed))
(check "closing it again" #t (begin (close-agent agent-of-closed) #t))
(check "it is printed" #t (string? (format #f "~a ~a" closed agent-of-closed)))

(define (lease-of key)
  (queue-submit! queue (any-job key))
  (call-with-agent queue "m"
    (lambda (agent)
      (let ((lease (agent-lease! agent #:timeout 30)))
        (lease-complete! lease)
        (check-code "a lease that was completed" lease-lost (lease-complete! lease))
        (check-code "and given back" lease-lost (lease-release! lease))
        lease))
    #:offer any-offer))
(check-code "a lease of an agent that was closed" closed
            (lease-release! (begin (queue-cancel! queue (queue-submit! queue (any-job "x")))
                                   (lease-of "b"))))

(define last-execution #f)
(call-with-folder
 (lambda (folder)
   (define worker
     (start-worker queue "w" #:systems '("any")
                   #:executors `(("scheme" . ,(lambda (execution)
                                                (set! last-execution execution))))
                   #:store (string-append folder "/store")
                   #:work-dir (string-append folder "/work")))
   (queue-wait queue (queue-submit! queue (any-job "c")) #:timeout 30)
   (check-code "the log of an execution that was answered" failed
               (execution-log! last-execution "late"))
   (worker-drain! worker)
   (check "a worker is waited for" #t (worker-wait worker #:timeout 30))
   (check "and once more" #t (worker-wait worker #:timeout 30))))

(define stopped (start-owner))
(stop-owner! stopped)
(check-code "an owner that was stopped" closed (owner-call stopped (const 1)))
(check "stopping it again" #t (begin (stop-owner! stopped) #t))


;;;
;;; The wrong thread, and many of them.
;;;

(define (in-thread thunk)
  (join-thread (call-with-new-thread thunk)))

(check "another thread's queue" 'wrong-thread
       (in-thread (lambda () (code-or-value (lambda () (queue-stats queue))))))
(check "closing another thread's queue" 'wrong-thread
       (in-thread (lambda () (code-or-value (lambda () (close-queue queue))))))
(check "another thread's value" "b"
       (let ((value (any-job "b")))
         (in-thread (lambda () (job-key value)))))
(check "each thread has a queue" '(succeeded succeeded succeeded succeeded)
       (map join-thread
            (map (lambda (name)
                   (call-with-new-thread
                    (lambda ()
                      (call-with-queue "memory:"
                        (lambda (queue)
                          (let ((request (queue-submit! queue (any-job name))))
                            (call-with-agent queue name
                              (lambda (agent)
                                (lease-complete! (agent-lease! agent #:timeout 30)))
                              #:offer any-offer)
                            (request-status-state
                             (queue-wait queue request #:timeout 30))))))))
                 '("a" "b" "c" "d"))))
(check "a thread that left the library can come back" '(active active)
       (in-thread
        (lambda ()
          (define (submit)
            (request-status-state
             (queue-submit! (open-queue "memory:") (any-job "a"))))
          (let ((first (submit)))
            (leave-context!)
            (list first (submit))))))
(check "objects that a thread left are dropped with it" #t
       (begin
         (in-thread (lambda () (open-queue "memory:")))
         (gc)
         (request-status? (queue-submit! queue (any-job "after")))))


;;;
;;; Tasks and handlers.
;;;

(check-error "an error in a task is raised by what waits" "oops"
             (begin
               (spawn (lambda () (error "oops")))
               (wait-until (const #f) #:timeout 30)))
(check-error "an error in a handler as well" "in a handler"
             (let ((attached? #f))
               (call-with-agent queue "m"
                 (lambda (agent) (wait-until (const #f) #:timeout 30))
                 #:on-attached (lambda (agent) (error "in a handler")))))
(check-error "an error in a condition is for who waits for it" "odd"
             (wait-until (lambda () (error "odd"))))
(check "other tasks go on" '(c b a)
       (let ((order '()))
         (define (note name) (set! order (cons name order)))
         (spawn (lambda () (wait) (note 'b)))
         (spawn (lambda () (note 'a)))
         (spawn (lambda () (wait 0.01) (note 'c)))
         (wait-until (lambda () (= 3 (length order))) #:timeout 30)
         order))
(check-code "a time limit inside of another" timed-out
            (call-within 0.01 (lambda () (call-within 30 (lambda () (wait-until (const #f)))))))
(check "a handler that waits" 'active
       (let ((state #f))
         (call-with-agent queue "m"
           (lambda (agent)
             (wait-until (lambda () state) #:timeout 30))
           #:on-attached (lambda (agent)
                           (set! state (request-status-state
                                        (queue-submit! queue (any-job "d"))))))))

;; From inside of C, by (buildq ffi): the wait is nested, and cannot be left by a task.
(check "a callback of C that waits" 'active
       (let ((state #f)
             (other (request (any-job "e"))))
         (ffi:queue-submit-async
          queue other 0 #f
          (lambda (source result)
            (set! state (request-status-state (queue-submit! queue (any-job "f"))))))
         (wait-until (lambda () state) #:timeout 30)))
(check-error "a callback of C that raises an error" "from C"
             (begin
               (ffi:queue-get-stats-async queue 0 #f
                                          (lambda (source result) (error "from C")))
               (wait-until (const #f) #:timeout 30)))


;;;
;;; Much work, with the garbage collector always at it.
;;;

(define (keys prefix count)
  (map (lambda (i) (format #f "~a-~a" prefix i)) (iota count)))

(define (complete-all agent count)
  (for-each (lambda (i)
              (when (zero? (modulo i 100)) (gc))
              (lease-complete! (agent-lease! agent #:timeout 30)))
            (iota count)))

(check "thousands of jobs" '(succeeded 3000)
       (call-with-queue "memory:"
         (lambda (queue)
           (let ((request (queue-submit! queue (map any-job (keys "gc" 3000)))))
             (call-with-agent queue "m"
               (lambda (agent) (complete-all agent 3000))
               #:offer any-offer)
             (let ((status (queue-wait queue request #:timeout 60)))
               (list (request-status-state status)
                     (length (queue-jobs queue #:request status))))))))

(check "handlers and timers survive collections" 200
       (let ((done 0))
         (for-each (lambda (i)
                     (spawn (lambda ()
                              (wait (/ (modulo i 7) 1000))
                              (queue-submit! queue (any-job (format #f "timer-~a" i)))
                              (set! done (1+ done)))))
                   (iota 200))
         (wait-until (lambda () (gc) (= done 200)) #:timeout 60)
         done))

(check "executors survive collections" '(#t)
       (call-with-folder
        (lambda (folder)
          (call-with-queue "memory:"
            (lambda (queue)
              (define worker
                (start-worker queue "w" #:systems '("any") #:slots 8
                              #:executors `(("scheme" . ,(lambda (execution)
                                                           (gc)
                                                           (display "collected")
                                                           (wait))))
                              #:store (string-append folder "/store")
                              #:work-dir (string-append folder "/work")))
              (define status
                (queue-wait queue (queue-submit! queue (map any-job (keys "gc" 100)))
                            #:timeout 60))
              (worker-drain! worker)
              (worker-wait worker #:timeout 30)
              (delete-duplicates
               (map (lambda (job) (eq? 'succeeded (job-status-state job)))
                    (queue-jobs queue #:request status))))))))
(done)

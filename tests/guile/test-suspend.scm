;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; What the manual says of Fibers, with the suspendable ports that Fibers stands on, and
;; just enough of a scheduler.
(use-modules (buildq)
             (ice-9 match)
             (ice-9 suspendable-ports)
             (ice-9 threads)
             (srfi srfi-1)
             (tap))

(install-suspendable-ports!)


;;;
;;; Fibers: a procedure that stops where it waits for a port.
;;;

(define fiber-tag (make-prompt-tag "fiber"))

(define (start-fiber thunk)
  "Call THUNK until it waits; return a list of the port and what goes on, or ()."
  (call-with-prompt fiber-tag
    (lambda () (thunk) '())
    (lambda (resume port) (list (cons port resume)))))

(define (run-fibers . thunks)
  "Call THUNKS as fibers until all have ended."
  (parameterize ((current-read-waiter
                  (lambda (port) (abort-to-prompt fiber-tag port))))
    (let loop ((waiting (append-map start-fiber thunks)))
      (unless (null? waiting)
        (match (select (delete-duplicates (map car waiting)) '() '() 60)
          ((() _ _) (error "nothing happened in time"))
          ((ready _ _)
           (call-with-values
               (lambda () (partition (match-lambda ((port . _) (memq port ready))) waiting))
             (lambda (ready waiting)
               (loop (append waiting
                             (append-map (match-lambda ((_ . resume) (start-fiber resume)))
                                         ready)))))))))))

(define any-offer
  (offer (machine-group #:systems '("any") #:kinds '("scheme") #:slots 8)))

(define (any-job key)
  (job #:key key #:system "any" #:kind "scheme"))


;;;
;;; All fibers in one thread.
;;;

(define queue (open-queue "memory:"))
(define states '())

(define (submitter key)
  (lambda ()
    (let ((request (queue-submit! queue (any-job key))))
      (set! states (cons (request-status-state (queue-wait queue request #:timeout 30))
                         states)))))

(define (completer count)
  (lambda ()
    (call-with-agent queue "m"
      (lambda (agent)
        (for-each (lambda (i) (lease-complete! (agent-lease! agent #:timeout 30)))
                  (iota count)))
      #:offer any-offer)))

(run-fibers (submitter "a") (submitter "b") (submitter "c") (completer 3))
(check "each fiber waits for its own request" '(succeeded succeeded succeeded) states)

(define code #f)
(run-fibers (lambda ()
              (call-with-agent queue "m"
                (lambda (agent)
                  (set! code (with-exception-handler
                               buildq-error-code
                               (lambda () (agent-lease! agent #:timeout 0.05))
                               #:unwind? #t))))))
(check "a timeout ends the wait of a fiber" 'timed-out code)

;; What one fiber waits for is done by a task, which another one runs.
(define turn 0)
(define (taker mine)
  (lambda ()
    (wait-until (lambda () (= turn mine)) #:timeout 30)
    (spawn (lambda ()
             (queue-stats queue)
             (set! turn (1+ turn))))
    (wait-until (lambda () (> turn mine)) #:timeout 30)))
(run-fibers (taker 2) (taker 1) (taker 0))
(check "fibers wait for tasks" 3 turn)

(check "a server and who asks it, in fibers of one thread" 'active
       (let ((state #f))
         (call-with-server queue
           (lambda (server)
             (run-fibers
              (lambda ()
                (call-with-queue (server-uri server)
                  (lambda (remote)
                    (set! state (request-status-state
                                 (queue-submit! remote (any-job "d"))))))))))
         state))


;;;
;;; Fibers of several threads, and a thread that owns the objects.
;;;

(call-with-owner
 (lambda (owner)
   (define queue (owner-call owner (lambda () (open-queue "memory:"))))
   (define results '())
   (define mutex (make-mutex))
   (define (note! result)
     (with-mutex mutex (set! results (cons result results))))
   (define (submitter key)
     (lambda ()
       (note! (owner-call owner
                (lambda ()
                  (let ((request (queue-submit! queue (any-job key))))
                    (request-status-state (queue-wait queue request #:timeout 30))))))))
   (define (completer count)
     (lambda ()
       (owner-call owner
         (lambda ()
           (call-with-agent queue "m"
             (lambda (agent)
               (for-each (lambda (i) (lease-complete! (agent-lease! agent #:timeout 30)))
                         (iota count)))
             #:offer any-offer)))))
   (for-each join-thread
             (list (call-with-new-thread
                    (lambda () (run-fibers (submitter "a") (submitter "b"))))
                   (call-with-new-thread
                    (lambda () (run-fibers (submitter "c") (completer 3))))))
   (check "fibers of all threads ask the owner" '(succeeded succeeded succeeded) results)
   (check-error "an error comes to who asked" "not there"
                (owner-call owner (lambda () (error "not there"))))
   (check "an error in a handler does not stop it" 'active
          (begin
            (owner-call owner (lambda () (spawn (lambda () (error "told, not raised")))))
            (owner-call owner
              (lambda ()
                (request-status-state (queue-submit! queue (any-job "e")))))))
   (check-raises "the owner's objects stay with it" buildq-error-code 'wrong-thread
                 (queue-stats queue))))

(define begun? #f)
(define begun-call
  (call-with-owner
   (lambda (owner)
     (let ((thread (call-with-new-thread
                    (lambda ()
                      (owner-call owner
                        (lambda () (set! begun? #t) (wait 0.1) 'done))))))
       (owner-call owner (lambda () (wait-until (lambda () begun?) #:timeout 30)))
       thread))))
(check "calls that were begun are done before it ends" 'done (join-thread begun-call))
(done)

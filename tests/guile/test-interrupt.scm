;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; ^C in everything that waits: it ends at once, and what was begun is taken back.
(use-modules (buildq)
             (folder)
             (ice-9 match)
             (ice-9 textual-ports)
             (ice-9 threads)
             (tap))

(sigaction SIGINT (lambda (signal) (throw 'interrupt)))

(define main-state
  (format #f "/proc/self/task/~a/stat" (getpid)))

(define (main-thread-waits?)
  (string-contains (call-with-input-file main-state get-string-all) ") S "))

(define (interrupt-soon)
  "Press ^C as soon as the main thread waits in the kernel."
  (call-with-new-thread
   (lambda ()
     (let loop ()
       (if (main-thread-waits?)
           (kill (getpid) SIGINT)
           (begin (yield) (loop)))))))

(define-syntax-rule (check-interrupt name expression)
  (check name 'interrupted
         (begin
           (interrupt-soon)
           (catch 'interrupt
             (lambda () expression 'ended)
             (lambda _ 'interrupted)))))

(define-syntax-rule (check-quick name expression)
  ;; What comes after ^C works as ever.
  (check name #t (call-within 30 (lambda () expression #t))))

(define (any-job key)
  (job #:key key #:system "any" #:kind "scheme"))

(define any-offer
  (offer (machine-group #:systems '("any") #:kinds '("scheme"))))

;; A server that never answers.
(define silent-socket (socket PF_INET SOCK_STREAM 0))
(bind silent-socket AF_INET INADDR_LOOPBACK 0)
(listen silent-socket 10)

(define silent
  (open-queue (format #f "http://127.0.0.1:~a"
                      (sockaddr:port (getsockname silent-socket)))))
(define queue (open-queue "memory:"))
(define request (queue-submit! queue (any-job "a")))

(check-interrupt "wait-until" (wait-until (const #f)))
(check-interrupt "wait" (wait 60))
(check-interrupt "queue-wait" (queue-wait queue request))
(check-interrupt "queue-copy-log" (queue-copy-log queue "a" (current-output-port)))
(check-interrupt "a call that is not answered" (queue-submit! silent (any-job "b")))
(check-interrupt "a wait for a queue that does not answer" (queue-wait silent "r1"))
(check-interrupt "a session that is not answered"
                 (call-with-agent silent "m" (lambda (agent) (agent-lease! agent))))
(check-quick "the queue answers afterwards" (queue-request queue request))

;; A lease that would have come later is there for the next who asks.
(define agent (open-agent queue "m" #:offer any-offer))
(define lease (agent-lease! agent #:timeout 30))
(check-interrupt "agent-lease!" (agent-lease! agent))
(lease-release! lease)
(check "the agent goes on" 'held (lease-state (agent-lease! agent #:timeout 30)))
(close-agent agent #:timeout 30)
(check "what it held was given back" 'ready (job-status-state (queue-job queue "a")))

;; In a lease.
(call-with-agent queue "m"
  (lambda (agent)
    (check-interrupt "call-with-lease"
                     (call-with-lease agent (lambda (lease) (wait-until (const #f)))
                                      #:timeout 30)))
  #:offer any-offer)
(check "its lease was given back" 'ready (job-status-state (queue-job queue "a")))

;; A worker, while a job runs and waits.
(define (run folder executor)
  (run-worker queue "w" #:systems '("any") #:executors `(("scheme" . ,executor))
              #:store (string-append folder "/store")
              #:work-dir (string-append folder "/work")))
(define runs? #f)
(call-with-folder
 (lambda (folder)
   (check "run-worker" 'interrupted
          (catch 'interrupt
            (lambda ()
              (run folder (lambda (execution)
                            (set! runs? #t)
                            (interrupt-soon)
                            (wait-until (const #f)))))
            (lambda _ 'interrupted)))
   (check "the job was running" #t runs?)
   (check "its lease was given back" 'ready (job-status-state (queue-job queue "a")))))

;; An executor that computes and never waits.
(call-with-folder
 (lambda (folder)
   (check "an executor that never waits" 'interrupted
          (catch 'interrupt
            (lambda ()
              (run folder (lambda (execution)
                            (kill (getpid) SIGINT)
                            (let loop () (loop)))))
            (lambda _ 'interrupted)))))

;; Another thread's objects.
(call-with-owner
 (lambda (owner)
   (check-interrupt "owner-call" (owner-call owner (lambda () (wait 1))))
   (check "the owner takes the next call" 42 (owner-call owner (const 42)))))
(done)

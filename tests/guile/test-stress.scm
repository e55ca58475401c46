;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Thousands of jobs while the garbage collector runs all the time, on several threads.
(use-modules (buildq ffi)
             (buildq runtime)
             (farm)
             (ice-9 ftw)
             (ice-9 threads)
             (rnrs bytevectors)
             (srfi srfi-1)
             (tap))

(define (offer slots)
  (offer-new (list (machine-group-new '("x86_64-linux") '() '("command") (* 3 slots) 0
                                      slots))))

(define (keys prefix count)
  (map (lambda (i) (format #f "~a-~a" prefix i)) (iota count)))

;; Calls whose answers are awaited by nobody but C.
(define (call-and-forget queue count)
  (let ((answered 0))
    (for-each (lambda (i)
                (get-job-async queue "k-0"
                               (lambda (source result)
                                 (when (equal? "k-0" (job-status-get-key
                                                      (queue-get-job-finish source result)))
                                   (set! answered (1+ answered)))))
                (when (zero? (modulo i 50))
                  (gc)))
              (iota count))
    (gc)
    (pump-until (lambda () (= answered count)) #:timeout deadline)
    answered))

;; Submits and does COUNT jobs, with a collection every so often.
(define (run-farm prefix count)
  (let* ((queue (queue-new-for-uri "memory:" #f))
         (keys (keys prefix count))
         (agent (agent-new queue prefix))
         (cancellable (make-cancellable))
         (completed 0)
         (over? #f))
    (define (complete grant)
      (let ((builder (result-builder-new)))
        (result-builder-set-outcome builder 'succeeded)
        (agent-complete-async agent (grant-get-token grant)
                              (result-builder-build builder) #f
                              (lambda (source result)
                                (agent-complete-finish agent result)
                                (set! completed (1+ completed))))))
    (define (taken source result)
      (if (cancelled? cancellable)
          (set! over? #t)
          (let ((grant (agent-next-finish agent result)))
            (unless (member (job-get-key (grant-get-job grant)) keys)
              (error "an unknown job"))
            (complete grant)
            (when (zero? (random 20))
              (gc))
            (take))))
    (define (take)
      (agent-next-async agent cancellable taken))
    (submit queue (car keys))
    (apply submit queue keys)
    (agent-set-offer agent (offer 16))
    (agent-start agent)
    (take)
    (pump-until (lambda () (= completed count)) #:timeout deadline)
    (cancel! cancellable)
    (pump-until (lambda () over?) #:timeout deadline)
    (close-handle agent)
    (close-handle queue)
    completed))

(define queue (queue-new-for-uri "memory:" #f))
(submit queue "k-0")
(check "2000 calls with the collector running" 2000 (call-and-forget queue 2000))

(check "values of C outlive what they came from" '("k-0" "k-1" "k-2")
       (let ((jobs (request-get-jobs (request '("k-0" "k-1" "k-2")))))
         (gc)
         (make-list 1000 (make-bytevector 1000))
         (gc)
         (map job-get-key jobs)))

(check "strings and lists survive collections on the way to C" #t
       (every (lambda (i)
                (let ((builder (job-builder-new))
                      (argv (map (lambda (j) (string-append "argument " (number->string j)))
                                 (iota 50))))
                  (job-builder-set-key builder "key")
                  (job-builder-set-kind builder "command")
                  (job-builder-set-system builder "x86_64-linux")
                  (job-builder-set-argv builder argv)
                  (when (zero? (modulo i 10)) (gc))
                  (equal? argv (job-get-argv (job-builder-build builder)))))
              (iota 200)))

(define (descriptors)
  (length (scandir "/proc/self/fd")))

(define (in-threads count proc)
  (map join-thread
       (map (lambda (i)
              (call-with-new-thread
               (lambda ()
                 (let ((value (proc i)))
                   (leave-context!)
                   value))))
            (iota count))))

(check "a farm of 500 jobs" 500 (run-farm "f" 500))
(in-threads 1 (lambda (i) (run-farm "warm" 2)))
(define before (descriptors))
(check "four threads with farms of their own" '(200 200 200 200)
       (in-threads 4 (lambda (i) (run-farm (format #f "t~a" i) 200))))
(check "twenty threads one after the other" 20
       (length (append-map (lambda (i) (in-threads 1 (lambda (i) (run-farm "s" 2))))
                           (iota 20))))
(let ((after (descriptors)))
  (ok (<= after (+ before 2)) "threads that left keep no descriptors"
      (format #f "~a before, ~a after" before after)))

(done)

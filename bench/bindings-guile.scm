;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; What bindings.c does, with the module (buildq).  See README.md.
(use-modules (buildq)
             ((buildq ffi) #:select (<executor>))
             ((buildq runtime types) #:select (c->object))
             (ice-9 format)
             (ice-9 match)
             (srfi srfi-1)
             (system foreign)
             (system foreign-library))

(define %batch 64)
(define %count 0)

(define (make-jobs number)
  (let ((first %count))
    (set! %count (+ first number))
    (map (lambda (i)
           (let ((key (string-append "job-" (number->string i))))
             (job #:key key #:kind "work" #:system "any" #:payload key)))
         (iota number first))))

;; Of this thread: what the rest of the process does is not counted.
(define processor-time
  (let ((clock-gettime (foreign-library-function #f "clock_gettime" #:return-type int
                                                 #:arg-types (list int '*)))
        (thread-clock 3))               ;CLOCK_THREAD_CPUTIME_ID
    (lambda ()
      (let ((time (make-c-struct (list long long) '(0 0))))
        (clock-gettime thread-clock time)
        (match (parse-c-struct time (list long long))
          ((seconds nanoseconds) (+ seconds (/ nanoseconds 1e9))))))))

(define (wall-time)
  (/ (get-internal-real-time) (exact->inexact internal-time-units-per-second)))

(define (measure proc number)
  "Call PROC with NUMBER and print seconds, on the wall and of this thread's processor."
  (proc (max (quotient number 4) 1))    ;warm
  (let ((wall (wall-time))
        (processor (processor-time)))
    (proc number)
    (format #t "~,6f ~,6f~%" (- (wall-time) wall) (- (processor-time) processor))))

(define (run-cycle batches)
  "Submit 64 jobs, lease them one by one, complete them all."
  (define (cycle queue agent)
    (queue-submit! queue (make-jobs %batch))
    (let ((leases (map-in-order (lambda (_) (agent-lease! agent)) (iota %batch)))
          (answers 0))
      (for-each (lambda (lease)
                  (spawn (lambda ()
                           (lease-complete! lease)
                           (set! answers (1+ answers)))))
                leases)
      (wait-until (lambda () (= answers %batch)))))
  (call-with-queue "memory:"
    (lambda (queue)
      (call-with-agent queue "bench"
        (lambda (agent)
          (measure (lambda (batches)
                     (for-each (lambda (_) (cycle queue agent)) (iota batches)))
                   batches))
        #:offer (offer (machine-group #:systems '("any") #:kinds '("work")
                                      #:slots %batch))))))

(define (c-executor)
  "Return the executor of executor.c."
  (let ((new (foreign-library-function
              (string-append (getenv "BUILD") "/bench/.libs/libexecutor.so")
              "bench_executor_new" #:return-type uintptr_t)))
    (c->object (new) <executor>)))

(define (run-executor make-executor jobs folder)
  "Have a worker do JOBS jobs whose executor does nothing."
  (call-with-queue "memory:"
    (lambda (queue)
      (let* ((left 0)
             (worker (start-worker
                      queue "bench"
                      #:executors `(("work" . ,(make-executor)))
                      #:store (string-append folder "/store")
                      #:work-dir (string-append folder "/work")
                      #:systems '("any")
                      #:on-finished (lambda (key outcome)
                                      (unless (eq? 'succeeded outcome)
                                        (error "it failed:" key outcome))
                                      (set! left (1- left))))))
        (measure (lambda (jobs)
                   (set! left jobs)
                   (queue-submit! queue (make-jobs jobs))
                   (wait-until (lambda () (zero? left))))
                 jobs)
        (worker-drain! worker)
        (worker-wait worker)))))

(match (command-line)
  ((_ "cycle" batches) (run-cycle (string->number batches)))
  ((_ "c" jobs folder) (run-executor c-executor (string->number jobs) folder))
  ((_ "procedure" jobs folder) (run-executor (lambda () (const #t)) (string->number jobs)
                                               folder)))

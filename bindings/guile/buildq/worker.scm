;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; Workers, which take jobs and do them on this machine.
(define-module (buildq worker)
  #:use-module (buildq errors)
  #:use-module (buildq execution)
  #:use-module ((buildq ffi) #:prefix ffi:)
  #:use-module (buildq runtime)
  #:use-module (buildq tasks)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:export (start-worker
            worker-wait
            worker-stop!
            run-worker
            worker?
            worker-name
            worker-state
            worker-reasons
            worker-job-count
            worker-running?
            worker-pause!
            worker-resume!
            worker-drain!))

(define-record-type <worker>
  (make-worker handle cancellable outcome)
  worker?
  (handle worker-handle)                ;of (buildq ffi)
  (cancellable worker-cancellable)      ;what stops it
  (outcome worker-outcome set-worker-outcome!)) ;#f as long as it runs, or a procedure

(set-record-type-printer! <worker>
  (lambda (worker port)
    (format port "#<worker ~a ~a>" (worker-name worker)
            (if (worker-running? worker) (worker-state worker) 'ended))))

(set-procedure-property! worker? 'documentation "Return whether VALUE is a worker.")

(define (->store store store-dir)
  (if (string? store)
      (ffi:store-new-for-uri store store-dir)
      store))

(define (->mirror mirror)
  (if (string? mirror)
      (ffi:mirror-new-for-uri mirror)
      mirror))

(define (->executor executor)
  (match executor
    ('command (ffi:command-executor-new))
    ((? procedure?) (procedure->executor executor))
    (_ executor)))

(define* (start-worker queue name #:key store store-dir work-dir (mirrors '())
                       (executors '(("command" . command))) systems features slots
                       compression keep-running-s max-load-per-core min-memory-bytes
                       min-disk-bytes min-inodes on-started on-resumed on-finished)
  "Start a worker that takes jobs from QUEUE as the machine NAME, and return it; it
works while this thread waits for something or calls `dispatch'.

STORE, a store, its directory or URI, is where inputs and outputs are kept, with the
logical directory STORE-DIR; WORK-DIR is a directory for this worker alone; MIRRORS, a
list of mirrors or their URIs, where inputs come from and outputs go to.  EXECUTORS is a
list of pairs of a kind of job and what runs it: the symbol command, or a procedure that
is called with an execution.  The job has succeeded when the procedure returns, and
failed when it raises an error, with its message.

ON-STARTED and ON-RESUMED are called with the key of a job, ON-FINISHED with the key and
the outcome.  The other keywords are as the functions of C with their names."
  (let ((handle (ffi:worker-new queue name (->store store store-dir) work-dir))
        (state (current-dynamic-state)))
    (define-syntax-rule (set-given! (set value) ...)
      (begin (when value (set handle value)) ...))
    (define (on signal proc)
      (when proc
        (signal-connect handle signal
                        (lambda (handle . arguments)
                          (spawn (lambda () (apply proc arguments)) state)))))
    (set-given! (ffi:worker-set-systems systems)
                (ffi:worker-set-features features)
                (ffi:worker-set-slots slots)
                (ffi:worker-set-compression compression)
                (ffi:worker-set-keep-running-s keep-running-s)
                (ffi:worker-set-max-load-per-core max-load-per-core)
                (ffi:worker-set-min-memory-bytes min-memory-bytes)
                (ffi:worker-set-min-disk-bytes min-disk-bytes)
                (ffi:worker-set-min-inodes min-inodes))
    (for-each (lambda (mirror) (ffi:worker-add-mirror handle (->mirror mirror))) mirrors)
    (for-each (match-lambda
                ((kind . executor)
                 (ffi:worker-add-executor handle kind (->executor executor))))
              executors)
    (on 'job-started on-started)
    (on 'job-resumed on-resumed)
    (on 'job-finished on-finished)
    (run handle)))

(define (run handle)
  (let ((worker (make-worker handle (make-cancellable) #f)))
    (ffi:worker-run-async handle (worker-cancellable worker)
                          (lambda (handle result)
                            (set-worker-outcome!
                             worker (lambda () (ffi:worker-run-finish handle result)))))
    worker))

(define* (worker-wait worker #:key timeout)
  "Wait until WORKER has ended.  Return true if it was drained; raise an error with the
code cancelled if it was stopped, exists when another worker has its directory, conflict
when the farm has another store directory, and others when the queue will not have it.
After TIMEOUT seconds raise one with the code timed-out; it works on then."
  (wait-until (lambda () (worker-outcome worker))
              #:timeout timeout
              #:for (string-append "the end of worker " (worker-name worker)))
  (let ((finish (worker-outcome worker)))
    (set-worker-outcome! worker (const #t))
    (finish)))

(define (worker-stop! worker)
  "Stop WORKER: its jobs are cancelled, and their leases given back.  Any thread may do
so."
  (cancel! (worker-cancellable worker)))

(define (run-worker queue name . options)
  "Work as `start-worker' says, until the worker is drained.  When something else ends
this, as ^C does, stop the worker, and wait until it has given back what it held; a
second ^C does not wait for that."
  (let ((worker (apply start-worker queue name options)))
    (with-exception-handler
      (lambda (exception)
        (unless (worker-outcome worker)
          (worker-stop! worker)
          (wait-until (lambda () (worker-outcome worker))))
        (raise-exception exception))
      (lambda () (worker-wait worker))
      #:unwind? #t)))

(define (worker-name worker)
  "Return the name of the machine of WORKER."
  (ffi:worker-get-name (worker-handle worker)))

(define (worker-state worker)
  "Return whether WORKER takes jobs: ready, busy, gated, paused or draining."
  (ffi:worker-get-state (worker-handle worker)))

(define (worker-reasons worker)
  "Return the list of the reasons why WORKER takes no more jobs."
  (ffi:worker-get-reasons (worker-handle worker)))

(define (worker-job-count worker)
  "Return how many jobs WORKER works at."
  (ffi:worker-get-running (worker-handle worker)))

(define (worker-running? worker)
  "Return whether WORKER has not ended."
  (not (worker-outcome worker)))

(define (worker-pause! worker)
  "Have WORKER take no more jobs until `worker-resume!'; those that it has go on."
  (ffi:worker-pause (worker-handle worker)))

(define (worker-resume! worker)
  "Have WORKER take jobs again, if it was paused here."
  (ffi:worker-resume (worker-handle worker)))

(define (worker-drain! worker)
  "Have WORKER take no more jobs, and end when those that it has are done."
  (ffi:worker-drain (worker-handle worker)))

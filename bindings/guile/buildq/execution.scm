;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; Executors written in Scheme: a procedure that is called with the handle of a running
;;; job, as a task of the thread of its worker.
(define-module (buildq execution)
  #:use-module (buildq errors)
  #:use-module ((buildq ffi) #:prefix ffi:)
  #:use-module (buildq runtime)
  #:use-module (buildq tasks)
  #:use-module (buildq values)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module ((srfi srfi-1) #:select (any filter-map first))
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:export (procedure->executor
            execution?
            execution-job
            execution-build-dir
            execution-cores
            execution-attempt
            execution-input
            execution-output
            execution-timeout-s
            execution-silent-timeout-s
            execution-elapsed-ms
            execution-port
            execution-log!
            execution-cancelled?
            execution-set-exit-status!
            execution-fail!))

(define-record-type <execution>
  (make-execution handle port spoke)
  execution?
  (handle execution-handle)             ;of (buildq ffi)
  (port execution-port set-execution-port!)
  (spoke execution-spoke set-execution-spoke!)) ;when it last wrote to its log

(set-record-type-printer! <execution>
  (lambda (execution port)
    (format port "#<execution ~a>" (job-key (execution-job execution)))))

(for-each (lambda (proc text)
            (set-procedure-property! proc 'documentation text))
          (list execution? execution-port)
          '("Return whether VALUE is an execution."
            "Return the port that writes to the log of EXECUTION."))

;; What an executor raises to end with another outcome than failed.
(define &execution-failure
  (make-exception-type '&execution-failure &error '(outcome)))
(define make-execution-failure (record-constructor &execution-failure))
(define execution-failure? (exception-predicate &execution-failure))
(define execution-failure-outcome
  (exception-accessor &execution-failure (record-accessor &execution-failure 'outcome)))

(define-syntax-rule (define-execution-getter name getter doc)
  (define (name execution) doc (getter (execution-handle execution))))

(define-execution-getter execution-job ffi:execution-get-job
  "Return the job that EXECUTION is of.")
(define-execution-getter execution-build-dir ffi:execution-get-build-dir
  "Return the directory of EXECUTION, which is empty at first and removed at the end.")
(define-execution-getter execution-cores ffi:execution-get-cores
  "Return how many cores EXECUTION may keep busy.")
(define-execution-getter execution-attempt ffi:execution-get-attempt
  "Return which attempt at the job EXECUTION is, counted from 1.")
(define-execution-getter execution-timeout-s ffi:execution-get-timeout-s
  "Return after how many seconds EXECUTION is stopped, 0 for never.")
(define-execution-getter execution-silent-timeout-s ffi:execution-get-silent-timeout-s
  "Return after how many seconds without output EXECUTION is stopped, 0 for never.")
(define-execution-getter execution-elapsed-ms ffi:execution-get-elapsed-ms
  "Return how many milliseconds ago EXECUTION was started.")

(define (execution-input execution name)
  "Return the path of the input NAME, which is not to be changed, or #f if there is none."
  (ffi:execution-get-input-path (execution-handle execution) name))

(define* (execution-output execution #:optional (name "out"))
  "Return the path where EXECUTION is to make the output NAME, or #f if there is none."
  (ffi:execution-get-output-path (execution-handle execution) name))

(define (execution-cancelled? execution)
  "Return whether EXECUTION is to stop.  What it waits in then raises an error by itself."
  (cancelled? (ffi:execution-get-cancellable (execution-handle execution))))

(define (execution-set-exit-status! execution status)
  "Say what the command of EXECUTION exited with: 128 and the number for a signal."
  (ffi:execution-set-exit-status (execution-handle execution) status))

(define (execution-log! execution text)
  "Append TEXT, a string or a bytevector, to the log of the job.  Raise an error with
the code too-large when the log is over its limit."
  (set-execution-spoke! execution (execution-elapsed-ms execution))
  (ffi:execution-log (execution-handle execution)
                     (if (string? text) (string->utf8 text) text)))

(define* (execution-fail! execution message #:optional (outcome 'failed))
  "Leave the executor: the job has not succeeded but OUTCOME, with MESSAGE.  It is one of
failed, timed-out, limit-exceeded, input-missing, host-fault or cancelled."
  (raise-exception
   (make-exception (make-execution-failure outcome)
                   (make-exception-with-message message))))

;;; Running.

(define (make-log-port execution)
  (define (write! bytes start count)
    (let ((piece (make-bytevector count)))
      (bytevector-copy! bytes start piece 0 count)
      (execution-log! execution piece)
      count))
  (let ((port (make-custom-binary-output-port "log" write! #f #f #f)))
    (set-port-encoding! port "UTF-8")
    (setvbuf port 'line)
    port))

(define (limits execution)
  "Return a list of how many ms EXECUTION has left by each limit, and what is said then."
  (let ((elapsed (execution-elapsed-ms execution)))
    (filter-map
     (match-lambda
       ((0 _ _) #f)
       ((limit since text)
        (list (- (+ since (* 1000 limit)) elapsed)
              (format #f text limit))))
     (list (list (execution-timeout-s execution) 0 "stopped after ~a s")
           (list (execution-silent-timeout-s execution) (execution-spoke execution)
                 "stopped after ~a s without output")))))

(define (overdue execution)
  "Return the error that is to end EXECUTION, or #f."
  (if (execution-cancelled? execution)
      (buildq-error 'executor 'cancelled "the job was cancelled")
      (or-map (match-lambda
                ((left text)
                 (and (negative? left)
                      (make-exception (make-execution-failure 'timed-out)
                                      (make-exception-with-message text)))))
              (limits execution))))

(define (call-watched execution thunk)
  "Call THUNK; what it waits in looks whether EXECUTION is overdue when it may be."
  (define timer #f)
  (define (stop)
    (when timer
      (remove-timer timer)
      (set! timer #f)))
  (define (watch)
    (stop)
    (let ((left (map first (limits execution))))
      (unless (or (null? left) (any negative? left))
        (set! timer (add-timer (/ (1+ (apply min left)) 1000) watch)))))
  (watch)
  (call-with-cleanup
   (lambda () (call-interruptible (lambda () (overdue execution)) thunk))
   stop))

(define (fail! execution exception)
  (ffi:execution-fail (execution-handle execution)
                      (cond ((execution-failure? exception)
                             (execution-failure-outcome exception))
                            ((execution-cancelled? execution) 'cancelled)
                            (else 'failed))
                      (exception->string exception)))

(define (execute proc execution)
  "Call PROC with EXECUTION, its log as its output, and answer with how that ended."
  (define handle (execution-handle execution))
  (define (answer thunk)
    (unless (ffi:execution-is-answered handle)
      (thunk)))
  (define (run)
    (parameterize ((current-output-port (execution-port execution))
                   (current-error-port (execution-port execution)))
      (proc execution))
    (force-output (execution-port execution)))
  (with-exception-handler
    (lambda (exception)
      (false-if-exception (force-output (execution-port execution)))
      (if (stopping? exception)
          (begin
            (answer (lambda ()
                      (ffi:execution-fail handle 'host-fault "the worker was stopped")))
            (raise-exception exception))
          (answer (lambda () (fail! execution exception)))))
    (lambda ()
      (call-watched execution run)
      (answer (lambda () (ffi:execution-complete handle))))
    #:unwind? #t))

(define (procedure->executor proc)
  "Return an executor that runs jobs by calling PROC with an execution."
  (let ((state (current-dynamic-state)))
    (ffi:func-executor-new
     (lambda (handle)
       (let ((execution (make-execution handle #f 0)))
         (set-execution-port! execution (make-log-port execution))
         (spawn (lambda () (execute proc execution)) state)
         #t)))))

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; A thread that owns objects for others: threads, or fibers that any thread may run.
(define-module (buildq owner)
  #:use-module (buildq errors)
  #:use-module ((buildq runtime)
                #:select (current-context leave-context! wake-up-context))
  #:use-module (buildq tasks)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 match)
  #:use-module (ice-9 threads)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:export (start-owner
            stop-owner!
            call-with-owner
            owner?
            owner-call))

(define-record-type <owner>
  (make-owner mutex inbox pending state context thread)
  owner?
  (mutex owner-mutex)                   ;guards all but PENDING
  (inbox owner-inbox set-owner-inbox!)  ;thunks, the last one in front
  (pending owner-pending set-owner-pending!) ;calls that were begun, for the thread
  (state owner-state set-owner-state!)  ;running, stopping or stopped
  (context owner-context set-owner-context!)
  (thread owner-thread set-owner-thread!))

(set-record-type-printer! <owner>
  (lambda (owner port)
    (format port "#<owner ~a>" (owner-state owner))))

(set-procedure-property! owner? 'documentation "Return whether VALUE is an owner.")

(define (add-pending! owner count)
  (set-owner-pending! owner (+ count (owner-pending owner))))

(define (accept-calls owner)
  "Start the calls that have come; return whether all are done and there will be no more."
  (match (with-mutex (owner-mutex owner)
           (let ((thunks (owner-inbox owner)))
             (set-owner-inbox! owner '())
             (cons (owner-state owner) thunks)))
    ((state . thunks)
     (for-each (lambda (thunk)
                 (add-pending! owner 1)
                 (spawn (lambda ()
                          (thunk)
                          (add-pending! owner -1))))
               (reverse thunks))
     (and (eq? 'stopping state)
          (zero? (owner-pending owner))))))

(define (serve-calls owner)
  "Take calls until OWNER is stopped.  What handlers of its objects raise is nobody's to
catch, and is told."
  (define (tell exception)
    (format (current-error-port) "in the thread of ~a: ~a~%" owner
            (exception->string exception))
    #f)
  (or (with-exception-handler tell
        (lambda () (wait-until (lambda () (accept-calls owner))))
        #:unwind? #t)
      (serve-calls owner)))

(define (start-owner)
  "Start a thread that owns what is made by the procedures that `owner-call' gives it, and
return the owner."
  (let ((owner (make-owner (make-mutex) '() 0 'running #f #f))
        (begun (make-condition-variable)))
    (define (run)
      (with-mutex (owner-mutex owner)
        (set-owner-context! owner (current-context))
        (signal-condition-variable begun))
      (serve-calls owner)
      (leave-context!)
      (with-mutex (owner-mutex owner)
        (set-owner-state! owner 'stopped)))
    (with-mutex (owner-mutex owner)
      (set-owner-thread! owner (call-with-new-thread run))
      (let wait ()
        (unless (owner-context owner)
          (wait-condition-variable begun (owner-mutex owner))
          (wait))))
    owner))

(define (post! owner thunk)
  (with-mutex (owner-mutex owner)
    (unless (eq? 'running (owner-state owner))
      (raise-error 'owner-call 'closed "the owner was stopped"))
    (set-owner-inbox! owner (cons thunk (owner-inbox owner)))
    (wake-up-context (owner-context owner))))

(define (make-signal)
  "Return two procedures: one that waits, as a fiber does where there are fibers, until
the other was called, by whatever thread."
  (match (pipe)
    ((in . out)
     (fcntl in F_SETFL (logior O_NONBLOCK (fcntl in F_GETFL)))
     (setvbuf out 'none)
     (values (lambda ()
               (get-u8 in)
               (close-port in))
             (lambda ()
               ;; As long as this is there IN is, and nothing is written to nobody.
               (unless (port-closed? in)
                 (put-u8 out 1))
               (close-port out))))))

(define (owner-call owner thunk)
  "Have OWNER's thread call THUNK, as a task, so that it also takes other calls while
THUNK waits.  Return what THUNK returned, or raise what it raised.  Any thread and any
fiber may do so; objects that THUNK returns can only be used by other calls.  Raise an
error with the code closed when OWNER was stopped."
  (call-with-values make-signal
    (lambda (wait notify)
      (let ((outcome #f))
        (post! owner
               (lambda ()
                 (set! outcome (outcome-of thunk))
                 (notify)))
        (wait)
        (outcome-value outcome)))))

(define (stop-owner! owner)
  "Have OWNER's thread end when the calls that it has are done, and wait for it."
  (with-mutex (owner-mutex owner)
    (when (eq? 'running (owner-state owner))
      (set-owner-state! owner 'stopping)
      (wake-up-context (owner-context owner))))
  (join-thread (owner-thread owner))
  *unspecified*)

(define (call-with-owner proc)
  "Call PROC with an owner, and stop it afterwards."
  (let ((owner (start-owner)))
    (call-with-cleanup (lambda () (proc owner))
                       (lambda () (stop-owner! owner)))))

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; How this thread waits: it dispatches the events of its own context, and runs its tasks
;;; meanwhile.  A task is a procedure that stops where it waits and is gone on with later,
;;; so that several can wait in one thread.  No code of users runs inside a callback of C.
(define-module (buildq tasks)
  #:use-module (buildq errors)
  #:use-module (buildq runtime)
  #:use-module (ice-9 control)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-9)
  #:export (spawn
            wait
            wait-until
            dispatch
            await
            call-with-cleanup
            call-within
            within-or-false
            call-interruptible
            outcome-of
            outcome-value))

;;; Tasks.

(define-record-type <task>
  (make-task ready? resume)
  task?
  (ready? task-ready?)                  ;whether it can go on
  (resume task-resume))

(define task-tag (make-prompt-tag "buildq task"))

;; The tasks of this thread that wait, those that came first in front.
(define %tasks (make-thread-local-fluid '()))

;; A procedure that returns the error that is to end what is waited in, or #f.
(define %interruption (make-parameter (const #f)))

(define (add-task! task)
  (fluid-set! %tasks (append (fluid-ref %tasks) (list task))))

(define (can-go-on? task)
  ((task-ready? task)))

(define (run-ready-tasks)
  "Run each task that can go on once; those that are added meanwhile are for the next
time."
  (for-each (lambda (task)
              ;; One that ran before may have waited, and this one have run meanwhile.
              (when (and (memq task (fluid-ref %tasks)) (can-go-on? task))
                (fluid-set! %tasks (delq task (fluid-ref %tasks)))
                (call-with-prompt task-tag
                  (task-resume task)
                  (lambda (resume ready?)
                    (add-task! (make-task ready? resume))))
                ;; Fibers may wait for what it did.
                (wake-suspended)))
            (fluid-ref %tasks)))

(define* (spawn thunk #:optional (state (current-dynamic-state)))
  "Have THUNK called by this thread as a task, in the dynamic STATE, when the thread
next waits for something or calls `dispatch'.  Where THUNK waits, the thread goes on
with what else it has to do.  What THUNK raises is raised by what the thread waits in
then."
  (define (start)
    (with-dynamic-state
     state
     (lambda ()
       (parameterize ((%interruption (const #f)))
         (thunk)))))
  (add-task! (make-task (const #t) start)))

;;; Waiting.

(define (dispatch)
  "Dispatch what has happened, without waiting, and run the tasks that can go on.  This
is for a program with a loop of its own, which watches `context-port'.  Return whether
there is more to do at once."
  (dispatch-events)
  (run-ready-tasks)
  (dispatch-events)
  (task-can-go-on?))

(define (task-can-go-on?)
  (or-map can-go-on? (fluid-ref %tasks)))

(define (wait-in-place done?)
  "Wait until DONE?: in a task by letting the thread go on with something else, unless a
callback of C is in between, or else by dispatching."
  (cond ((done?))
        ((suspendable-continuation? task-tag) (abort-to-prompt task-tag done?))
        (else
         (let loop ()
           (dispatch)
           (unless (done?)
             (unless (task-can-go-on?)
               (wait-for-events))
             (loop))))))

(define (call-with-cleanup thunk cleanup)
  "Call THUNK, then CLEANUP, also when THUNK raises an error.  Unlike with `dynamic-wind',
not when a task or a fiber only stops to wait."
  (call-with-values
      (lambda ()
        (with-exception-handler
          (lambda (exception)
            (cleanup)
            (raise-exception exception))
          thunk
          #:unwind? #t))
    (lambda results
      (cleanup)
      (apply values results))))

(define (call-interruptible interruption thunk)
  "Call THUNK; as soon as INTERRUPTION returns an error, what THUNK waits in raises it."
  (let ((outer (%interruption)))
    (parameterize ((%interruption (lambda () (or (outer) (interruption)))))
      (thunk))))

(define (call-with-timer seconds proc)
  "Call PROC with a procedure that says whether SECONDS are over."
  (let* ((over? #f)
         (timer (add-timer seconds (lambda () (set! over? #t)))))
    (call-with-cleanup (lambda () (proc (lambda () over?)))
                       (lambda () (remove-timer timer)))))

(define* (call-within timeout thunk #:key (for "what was waited for"))
  "Return what THUNK returns.  After TIMEOUT, in seconds, or #f for never, what THUNK
waits in raises an error with the code timed-out, which says that it was waiting for
FOR."
  (if timeout
      (call-with-timer
       timeout
       (lambda (over?)
         (call-interruptible
          (lambda ()
            (and (over?)
                 (buildq-error 'wait-until 'timed-out "waiting for ~a: not within ~a s"
                             for timeout)))
          thunk)))
      (thunk)))

(define* (wait-until ready? #:key timeout (for "what was waited for"))
  "Wait until the procedure READY? returns true, which is asked after each event, and
return what it returned.  Raise an error with the code timed-out after TIMEOUT seconds,
which says that it was waiting for FOR."
  (define (wait)
    (let ((interruption (%interruption)))
      (wait-in-place (lambda () (or (true-or-raises? ready?) (interruption))))
      (or (ready?) (raise-exception (interruption)))))
  (call-within timeout wait #:for for))

(define (within-or-false timeout thunk)
  "Return what THUNK returns, or #f after TIMEOUT seconds."
  (with-exception-handler
    (lambda (exception)
      (if (error-with-code? exception 'timed-out)
          #f
          (raise-exception exception)))
    (lambda () (call-within timeout thunk))
    #:unwind? #t))

(define (true-or-raises? thunk)
  ;; What it raises is for who waits for it, not for who happens to ask.
  (with-exception-handler (const #t) thunk #:unwind? #t))

(define* (wait #:optional (seconds 0))
  "Let this thread do what else it has to do, for at least SECONDS."
  (if (positive? seconds)
      (call-with-timer seconds wait-until)
      (let ((rounds 0))
        (wait-until (lambda () (set! rounds (1+ rounds)) (> rounds 1))))))

;;; Calls that answer later.

(define (outcome-of thunk)
  "Return what became of calling THUNK, for `outcome-value'."
  (with-exception-handler
    (lambda (exception) `(error ,exception))
    (lambda ()
      (call-with-values thunk
        (lambda results `(values ,@results))))
    #:unwind? #t))

(define (outcome-value outcome)
  "Return the values that OUTCOME is, or raise the error."
  (match outcome
    (('values . results) (apply values results))
    (('error exception) (raise-exception exception))))

;; Cancellables of this thread whose calls have ended, for the next ones.
(define %spare-cancellables (make-thread-local-fluid '()))

(define (take-cancellable)
  (match (fluid-ref %spare-cancellables)
    (() (make-cancellable))
    ((cancellable . others)
     (fluid-set! %spare-cancellables others)
     (if (closed? cancellable)          ;with what the thread left
         (take-cancellable)
         cancellable))))

(define (keep-cancellable cancellable)
  (fluid-set! %spare-cancellables (cons cancellable (fluid-ref %spare-cancellables))))

(define* (await start finish #:key timeout (for "an answer") (too-late (const #f)))
  "Call START with a cancellable and a callback, and wait until the callback is called.
Return what FINISH returns for its arguments.  When the wait ends otherwise, by an error
such as ^C, the call is cancelled; if it succeeds all the same, TOO-LATE is called with
that."
  (let ((cancellable (take-cancellable))
        (outcome #f)
        (abandoned? #f))
    (define (dispose)
      (match outcome
        (('values . results) (apply too-late results))
        (_ #f)))
    (define (answered source result)
      (set! outcome (outcome-of (lambda () (finish source result))))
      (when abandoned? (dispose)))
    (start cancellable answered)
    (with-exception-handler
      (lambda (exception)
        (set! abandoned? #t)
        (if outcome (dispose) (cancel! cancellable))
        (raise-exception exception))
      (lambda () (wait-until (lambda () outcome) #:timeout timeout #:for for))
      #:unwind? #t)
    (keep-cancellable cancellable)
    (outcome-value outcome)))

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; Queues: what one submits to them, asks them, and waits for.
(define-module (buildq queue)
  #:use-module (buildq errors)
  #:use-module ((buildq ffi) #:prefix ffi:)
  #:use-module (buildq runtime)
  #:use-module (buildq tasks)
  #:use-module (buildq values)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 match)
  #:use-module (ice-9 textual-ports)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:export (open-queue
            close-queue
            call-with-queue
            queue-submit!
            queue-wait
            queue-request
            queue-cancel!
            queue-retry!
            queue-job
            queue-jobs
            queue-list-jobs
            queue-fold-jobs
            queue-workers
            queue-set-worker-state!
            queue-read-log
            queue-copy-log
            queue-put-text!
            queue-text
            queue-missing-texts
            queue-stats
            queue-sync!
            queue-backup!
            queue-on-pushed!))

;;; Opening and closing.

(define (default-uri)
  (or (getenv "BUILDQ_URI") "http://127.0.0.1:8720"))

(define (default-token)
  (let ((file (getenv "BUILDQ_TOKEN_FILE")))
    (and file
         (not (string-null? file))
         (string-trim-both (call-with-input-file file get-string-all)))))

(define* (open-queue #:optional (uri (default-uri))
                     #:key (token (default-token)) session-ms claim-ms keep-s keep-jobs
                     store-dir key (websocket? #t))
  "Open the queue at URI: \"http://…\" or \"https://…\" for one elsewhere, \"memory:\" for
one in this program, a path or \"file:///…\" for one with its journal there.  By default
URI is what the variable BUILDQ_URI says, and TOKEN what is in the file named by
BUILDQ_TOKEN_FILE.  Without WEBSOCKET? a queue elsewhere is asked by requests alone; the
other keywords are for a queue of this program.  Raise an error with the code invalid for a URI that is none,
unavailable or exists for a journal that cannot be had."
  (let ((queue (ffi:queue-new-for-uri (or uri (default-uri)) token)))
    (define (set-given! set value)
      (when value (set queue value)))
    (unless websocket? (ffi:remote-queue-set-use-websocket queue #f))
    (set-given! ffi:local-queue-set-session-ms session-ms)
    (set-given! ffi:local-queue-set-claim-ms claim-ms)
    (set-given! ffi:local-queue-set-keep-s keep-s)
    (set-given! ffi:local-queue-set-keep-jobs keep-jobs)
    (set-given! ffi:local-queue-set-store-dir store-dir)
    (set-given! ffi:local-queue-set-key key)
    queue))

(define (close-queue queue)
  "Close QUEUE, and wait a moment for what is still under way in it, so that its journal
can be opened again.  Agents, workers and servers are to be closed before.  Once more is
no error."
  (unless (closed? queue)
    (let ((gone? (close-watched queue)))
      (within-or-false 2 (lambda () (wait-until gone?))))))

(define (call-with-queue uri proc . options)
  "Call PROC with the queue at URI, or the default one for #f, opened with OPTIONS as for
`open-queue', and close it afterwards."
  (let ((queue (apply open-queue (or uri (default-uri)) options)))
    (call-with-cleanup (lambda () (proc queue))
                       (lambda () (close-queue queue)))))

;;; Calls.

(define-syntax-rule (call (start argument ...) finish timeout)
  ;; One asynchronous call of the queue, its first argument.
  (await (lambda (cancellable done) (start argument ... 0 cancellable done))
         finish
         #:timeout timeout
         #:for (symbol->string 'start)))

(define (->id request)
  "Return the id of REQUEST, which is its id, its status or itself."
  (cond ((or (not request) (string? request)) request)
        ((request? request) (request-id request))
        (else (request-status-id request))))

(define* (queue-submit! queue jobs #:key id submitter group priority (wanted '()) rebuild?
                        timeout)
  "Submit JOBS, a job, a list of jobs or a request, to QUEUE, with what `request' takes.
Return the status of the request.  Raise an error with the code invalid for jobs that
cannot be (a cycle, a dependency that is not there), conflict for other work under a key
that is known."
  (let ((value (if (request? jobs)
                   jobs
                   (request jobs #:id id #:submitter submitter #:group group
                            #:priority priority #:wanted wanted #:rebuild? rebuild?))))
    (call (ffi:queue-submit-async queue value) ffi:queue-submit-finish timeout)))

(define* (queue-request queue request #:key timeout)
  "Return the status of REQUEST, an id or a status.  Raise an error with the code
not-found when QUEUE has no such request."
  (call (ffi:queue-get-request-async queue (->id request))
        ffi:queue-get-request-finish timeout))

(define* (queue-cancel! queue request #:key timeout)
  "Withdraw REQUEST, an id or a status, from QUEUE.  Return its status.  Raise an error
with the code not-found when QUEUE has no such request."
  (call (ffi:queue-cancel-async queue (->id request)) ffi:queue-cancel-finish timeout))

(define* (queue-retry! queue #:key request job timeout)
  "Try again what did not succeed: of REQUEST, an id or a status, or JOB, a key; at
least one of them.  Return the status of the request.  Raise an error with the code
not-found when there is no such request or job."
  (call (ffi:queue-retry-async queue (->id request) job) ffi:queue-retry-finish timeout))

(define* (queue-job queue key #:key timeout)
  "Return the status of the job KEY.  Raise an error with the code not-found when QUEUE
has no such job."
  (call (ffi:queue-get-job-async queue key) ffi:queue-get-job-finish timeout))

(define* (queue-list-jobs queue query #:key timeout)
  "Return the job-page that QUERY asks for.  Raise an error with the code invalid for a
state that is none, not-found for a request that QUEUE does not have."
  (call (ffi:queue-list-jobs-async queue query) ffi:queue-list-jobs-finish timeout))

(define* (queue-fold-jobs proc init queue #:key request (states '()) (limit 500) timeout)
  "Call PROC with the status of each job and what it returned for the one before, at
first INIT, in the order in which they were submitted.  With REQUEST only its jobs, with
STATES, a list of symbols, only those in one of these.  LIMIT of them are fetched at a
time.  Errors are those of `queue-list-jobs'."
  (let loop ((after 0) (result init))
    (let* ((page (queue-list-jobs queue
                                  (query #:request (->id request) #:states states
                                         #:after after #:limit limit)
                                  #:timeout timeout))
           (result (fold proc result (job-page-jobs page))))
      (match (job-page-next page)
        (0 result)
        (next (loop next result))))))

(define* (queue-jobs queue #:key request (states '()) timeout)
  "Return the list of the statuses of jobs, chosen as by `queue-fold-jobs'."
  (reverse (queue-fold-jobs cons '() queue
                            #:request request #:states states #:timeout timeout)))

(define* (queue-workers queue #:key timeout)
  "Return the list of the statuses of the machines that have, or lately had, a session."
  (call (ffi:queue-list-workers-async queue) ffi:queue-list-workers-finish timeout))

(define* (queue-set-worker-state! queue name state #:key timeout)
  "Set what is wanted of the machine NAME: paused, draining, or ready for as it likes.
Return its status.  Raise an error with the code not-found when there is no such
machine."
  (call (ffi:queue-set-worker-state-async queue name state)
        ffi:queue-set-worker-state-finish timeout))

(define* (queue-stats queue #:key timeout)
  "Return what QUEUE counts and measures.  Raise an error with the code unavailable, and
the reason, when it does not work."
  (call (ffi:queue-get-stats-async queue) ffi:queue-get-stats-finish timeout))

(define* (queue-put-text! queue text #:key timeout)
  "Give QUEUE the TEXT, a string or a bytevector, for jobs that name its hash.  Return the
hash."
  (let ((bytes (if (string? text) (string->utf8 text) text)))
    (call (ffi:queue-put-text-async queue bytes) ffi:queue-put-text-finish timeout)))

(define* (queue-text queue hash #:key timeout)
  "Return the text with HASH as a bytevector.  Raise an error with the code not-found when
QUEUE lacks it, invalid for what is no hash."
  (call (ffi:queue-get-text-async queue hash) ffi:queue-get-text-finish timeout))

(define* (queue-missing-texts queue hashes #:key timeout)
  "Return those of HASHES whose text QUEUE lacks."
  (call (ffi:queue-missing-texts-async queue hashes)
        ffi:queue-missing-texts-finish timeout))

(define* (queue-sync! queue message #:key timeout)
  "Say MESSAGE, a sync-message, for a session.  Return the sync-reply.  This is what
agents are made of, and what programs seldom need.  Raise an error with the code exists
when another live session has the name."
  (call (ffi:queue-sync-async queue message) ffi:queue-sync-finish timeout))

(define* (queue-backup! queue path #:key timeout)
  "Copy the journal of QUEUE, one of this program, to PATH, while it works on.  Raise an
error with the code not-supported for a queue without a journal."
  (call (ffi:local-queue-backup-async queue path) ffi:local-queue-backup-finish timeout))

(define (queue-on-pushed! queue proc)
  "Have PROC called with the id of a session and a sync-reply when QUEUE has something
to say that it was not asked.  Return a procedure of no argument that ends this."
  (let* ((state (current-dynamic-state))
         (id (signal-connect queue 'pushed
                             (lambda (queue session reply)
                               (spawn (lambda () (proc session reply)) state)))))
    (lambda () (signal-disconnect queue id))))

;;; Waiting.

(define %shortest-nap 0.02)

(define (longer nap)
  (min (* 3/2 nap) 2))

(define (progress status)
  (map (lambda (field) (field status))
       (list request-status-state request-status-waiting request-status-ready
             request-status-leased request-status-succeeded request-status-failed
             request-status-dep-failed request-status-cancelled)))

(define (call-while-transient thunk)
  "Call THUNK until it raises no error that may pass."
  (let ((outcome (with-exception-handler
                   (lambda (exception)
                     (if (and (buildq-error? exception)
                              (buildq-error-transient? exception))
                         #f
                         (raise-exception exception)))
                   thunk
                   #:unwind? #t)))
    (or outcome
        (begin (wait 1) (call-while-transient thunk)))))

(define* (queue-wait queue request #:key (on-progress (const #t)) timeout)
  "Wait until REQUEST, an id or a status, is not active any more, and return its status
then.  ON-PROGRESS is called with the status at first and whenever it is another.  A
queue that cannot be reached is asked again until it can.  Raise an error with the code
timed-out after TIMEOUT seconds, not-found when there is no such request."
  (define id (->id request))
  (define (follow)
    (let loop ((last #f) (nap %shortest-nap))
      (let* ((status (call-while-transient (lambda () (queue-request queue id))))
             (now (progress status))
             (same? (equal? now last)))
        (unless same? (on-progress status))
        (if (eq? 'active (request-status-state status))
            (begin
              (wait nap)
              (loop now (if same? (longer nap) %shortest-nap)))
            status))))
  (call-within timeout follow #:for (string-append "the end of the request " id)))

;;; Logs.

(define* (queue-read-log queue key #:key (offset 0) timeout)
  "Return a log-chunk: a piece of the log of the job KEY, from the byte OFFSET on.  It
is empty when there is nothing more, if it is finished, or nothing more yet.  Raise an
error with the code not-found when QUEUE has no such job."
  (call (ffi:queue-read-log-async queue key offset) ffi:queue-read-log-finish timeout))

(define* (queue-copy-log queue key port #:key (offset 0) (follow? #t) timeout)
  "Write the log of the job KEY to PORT, from the byte OFFSET on, and return the offset
after it.  With FOLLOW? go on until the job is finished, for at most TIMEOUT seconds;
without, write what there is."
  (define (copy)
    (let loop ((offset offset) (nap %shortest-nap))
      (let* ((chunk (queue-read-log queue key #:offset offset))
             (bytes (log-chunk-bytes chunk))
             (size (bytevector-length bytes))
             (next (+ offset size)))
        (put-bytevector port bytes)
        (cond ((positive? size) (force-output port) (loop next %shortest-nap))
              ((or (log-chunk-finished? chunk) (not follow?)) next)
              (else (wait nap)
                    (loop next (longer nap)))))))
  (call-within timeout copy #:for (string-append "the end of the log of " key)))

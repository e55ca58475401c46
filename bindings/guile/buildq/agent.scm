;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; Agents, which take jobs from a queue, and the leases that they hold.
(define-module (buildq agent)
  #:use-module (buildq errors)
  #:use-module ((buildq ffi) #:prefix ffi:)
  #:use-module (buildq runtime)
  #:use-module (buildq tasks)
  #:use-module (buildq values)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:export (open-agent
            close-agent
            call-with-agent
            agent?
            agent-name
            agent-attached?
            agent-wanted-state
            agent-store-dir
            agent-farm-keys
            agent-leases
            agent-set-offer!
            agent-lease!
            call-with-lease
            lease?
            lease-agent
            lease-state
            lease-token
            lease-attempt
            lease-group
            lease-not-on
            lease-job
            lease-complete!
            lease-release!
            lease-send-log!))

(define-record-type <agent>
  (make-agent handle leases)
  agent?
  (handle agent-handle)                 ;of (buildq ffi)
  (leases agent-table))                 ;token → <lease>, as long as somebody has it

(define-record-type <lease>
  (make-lease agent grant state)
  lease?
  (agent lease-agent)
  (grant lease-grant)
  (state lease-state set-lease-state!))

(set-record-type-printer! <agent>
  (lambda (agent port)
    (format port "#<agent ~a>"
            (if (closed? (agent-handle agent)) "closed" (agent-name agent)))))

(set-record-type-printer! <lease>
  (lambda (lease port)
    (format port "#<lease ~a ~a>" (lease-state lease) (job-key (lease-job lease)))))

(for-each (lambda (proc text)
            (set-procedure-property! proc 'documentation text))
          (list agent? lease? lease-agent lease-state)
          '("Return whether VALUE is an agent."
            "Return whether VALUE is a lease."
            "Return the agent that took LEASE."
            "Return held, cancelled when nobody wants the work, lost, completed or released."))

;;; Agents.

(define* (open-agent queue name #:key (offer (offer (machine-group)))
                     on-attached on-cancelled on-lost on-log-wanted on-state-wanted)
  "Return an agent that speaks to QUEUE as the machine NAME, which no other may be at
the same time, and can take what OFFER says.  The procedures are called, while this
thread waits for something: ON-ATTACHED with the agent when the queue knows it;
ON-CANCELLED with a lease that nobody wants any more; ON-LOST with one that is not held
any more; ON-LOG-WANTED with a lease and the offset from which on its log is read;
ON-STATE-WANTED with paused, draining or ready, when the queue wants it."
  (let* ((handle (ffi:agent-new queue name))
         (table (make-weak-value-hash-table))
         (state (current-dynamic-state))
         (agent (make-agent handle table)))
    ;; The handlers know the table, not the agent, which could never be dropped otherwise.
    (define (on signal handler)
      (signal-connect handle signal
                      (lambda (handle . arguments)
                        (spawn (lambda () (apply handler arguments)) state))))
    (define (on-lease signal lease-state handler)
      (signal-connect handle signal
                      (lambda (handle token . arguments)
                        (let ((lease (hash-ref table token)))
                          (when lease
                            (when lease-state (set-lease-state! lease lease-state))
                            (when handler
                              (spawn (lambda () (apply handler lease arguments))
                                     state)))))))
    (on-lease 'cancelled 'cancelled on-cancelled)
    (on-lease 'lost 'lost on-lost)
    (when on-log-wanted (on-lease 'log-wanted #f on-log-wanted))
    (when on-state-wanted (on 'state-wanted on-state-wanted))
    (when on-attached (on 'attached (lambda () (on-attached agent))))
    (ffi:agent-set-offer handle offer)
    (ffi:agent-start handle)
    agent))

(define (forget-leases! agent)
  (hash-for-each (lambda (token lease)
                   (when (held? lease)
                     (set-lease-state! lease 'released)))
                 (agent-table agent)))

(define* (close-agent agent #:key timeout)
  "End the session of AGENT: what it still holds is given back.  Wait for at most TIMEOUT
seconds until the queue has heard of it; one that cannot be reached has the session lapse.
Once more is no error."
  (let ((handle (agent-handle agent)))
    (unless (closed? handle)
      (call-with-cleanup
       (lambda ()
         (await (lambda (cancellable done)
                  (ffi:agent-leave-async handle cancellable done))
                ffi:agent-leave-finish
                #:timeout timeout
                #:for "the end of a session"))
       (lambda ()
         (forget-leases! agent)
         (close-handle handle))))))

(define (call-with-agent queue name proc . options)
  "Call PROC with an agent, made with OPTIONS as by `open-agent', and close it
afterwards; a queue that does not answer then is not waited for."
  (let ((agent (apply open-agent queue name options)))
    (call-with-cleanup (lambda () (proc agent))
                       (lambda ()
                         (within-or-false 2 (lambda () (close-agent agent)))))))

(define (agent-name agent)
  "Return the name of the machine of AGENT."
  (ffi:agent-get-name (agent-handle agent)))

(define (agent-attached? agent)
  "Return whether the queue knows AGENT now, as far as it can tell."
  (ffi:agent-is-attached (agent-handle agent)))

(define (agent-wanted-state agent)
  "Return what the queue wants of AGENT: paused, draining, or ready for as it likes."
  (ffi:agent-get-wanted-state (agent-handle agent)))

(define (agent-store-dir agent)
  "Return the store directory of the farm, or #f before AGENT has attached."
  (ffi:agent-get-store-dir (agent-handle agent)))

(define (agent-farm-keys agent)
  "Return the list of the public keys of the farm, empty before AGENT has attached."
  (ffi:agent-get-farm-keys (agent-handle agent)))

(define (agent-leases agent)
  "Return the list of the leases that AGENT holds."
  (map (lambda (grant) (grant->lease agent grant))
       (ffi:agent-get-held (agent-handle agent))))

(define (agent-set-offer! agent offer)
  "Set what AGENT can take; what it holds already counts as well."
  (ffi:agent-set-offer (agent-handle agent) offer))

;;; Leases.

(define (held? lease)
  (memq (lease-state lease) '(held cancelled)))

(define (grant->lease agent grant)
  (let ((table (agent-table agent))
        (token (grant-token grant)))
    (or (hash-ref table token)
        (let ((lease (make-lease agent grant 'held)))
          (hash-set! table token lease)
          lease))))

(define* (agent-lease! agent #:key timeout)
  "Wait for the next job of AGENT, and return the lease of it.  Raise an error with the
code timed-out after TIMEOUT seconds, unauthorized and others when the queue will not
have it.  A lease that comes when the wait has ended, as after ^C, is given back."
  (let ((handle (agent-handle agent)))
    (grant->lease
     agent
     (await (lambda (cancellable done) (ffi:agent-next-async handle cancellable done))
            ffi:agent-next-finish
            #:timeout timeout
            #:for "a lease"
            #:too-late (lambda (grant) (ffi:agent-release handle (grant-token grant)))))))

(define (give-back! lease)
  ;; It may have been lost, and nobody have been told yet.
  (with-exception-handler
    (lambda (exception)
      (unless (error-with-code? exception 'lease-lost)
        (raise-exception exception)))
    (lambda () (lease-release! lease))
    #:unwind? #t))

(define* (call-with-lease agent proc #:key timeout)
  "Call PROC with the next lease of AGENT, waiting for it as `agent-lease!'.  If PROC
raises an error, or does not complete it, the lease is given back."
  (let ((lease (agent-lease! agent #:timeout timeout)))
    (call-with-cleanup (lambda () (proc lease))
                       (lambda ()
                         (when (held? lease)
                           (give-back! lease))))))

(define-syntax-rule (define-lease-getter name getter doc)
  (define (name lease) doc (getter (lease-grant lease))))

(define-lease-getter lease-token grant-token
  "Return the token of LEASE, which is in all that is said of it.")
(define-lease-getter lease-attempt grant-attempt
  "Return which attempt at the job LEASE is, counted from 1.")
(define-lease-getter lease-group grant-group
  "Return the index of the group of the offer that LEASE is for.")
(define-lease-getter lease-not-on grant-not-on
  "Return the list of the machines where the job failed before.")
(define-lease-getter lease-job grant-job
  "Return the job of LEASE.")

(define (lease-handle lease)
  (agent-handle (lease-agent lease)))

(define (make-result outcome message exit-status started-us finished-us log-tail log-bytes
                     log artifacts)
  (let ((builder (ffi:result-builder-new)))
    (define-syntax-rule (set-given! (set value) ...)
      (begin (when value (set builder value)) ...))
    (set-given!
     (ffi:result-builder-set-outcome outcome)
     (ffi:result-builder-set-message message)
     (ffi:result-builder-set-exit-status exit-status)
     (ffi:result-builder-set-started-us started-us)
     (ffi:result-builder-set-finished-us finished-us)
     (ffi:result-builder-set-log-tail log-tail)
     (ffi:result-builder-set-log-bytes log-bytes)
     (ffi:result-builder-set-log log))
    (for-each (lambda (artifact) (ffi:result-builder-add-artifact builder artifact))
              artifacts)
    (ffi:result-builder-build builder)))

;; What most say, and need not make each time.
(define %success
  (delay (make-result 'succeeded #f #f #f #f #f #f #f '())))

(define* (lease-complete! lease #:key (outcome 'succeeded) message exit-status started-us
                          finished-us log-tail log-bytes log (artifacts '()) timeout)
  "Hand in how the job of LEASE ended, as often as it takes, and return the receipt of
the queue.  OUTCOME is succeeded, failed, timed-out, limit-exceeded, input-missing,
host-fault, upload-failed or cancelled.  Raise an error with the code lease-lost when
the lease is not held; timed-out after TIMEOUT seconds, when the result is handed in all
the same."
  (let ((handle (lease-handle lease))
        (token (lease-token lease))
        (value (if (and (eq? 'succeeded outcome) (null? artifacts)
                        (not (or message exit-status started-us finished-us log-tail
                                 log-bytes log)))
                   (force %success)
                   (make-result outcome message exit-status started-us finished-us
                                log-tail log-bytes log artifacts))))
    (define (start cancellable done)
      (ffi:agent-complete-async handle token value cancellable done)
      (when (held? lease)
        (set-lease-state! lease 'completed)))
    (await start ffi:agent-complete-finish #:timeout timeout #:for "a receipt")))

(define (lease-release! lease)
  "Give LEASE back, so that another machine can have the job.  Raise an error with the
code lease-lost when it is not held, or was completed."
  (ffi:agent-release (lease-handle lease) (lease-token lease))
  (set-lease-state! lease 'released))

(define* (lease-send-log! lease offset text #:key finished? location)
  "Send TEXT, a string or a bytevector, which is the log of LEASE from OFFSET on, and
was asked for.  With FINISHED? it is the end; then LOCATION can be where the whole log
is."
  (ffi:agent-send-log (lease-handle lease)
                      (ffi:log-chunk-new (lease-token lease) offset
                                         (if (string? text) (string->utf8 text) text)
                                         finished? location)))

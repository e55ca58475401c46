;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Runs the stories of tests/contract/ over every kind of queue; see the README there.
;; Each kind has a thread, as most of the time is spent in waiting.
(use-modules (buildq)
             (contract-match)
             (folder)
             (ice-9 ftw)
             (ice-9 match)
             (ice-9 threads)
             (json)
             (rnrs bytevectors)
             (srfi srfi-1)
             (srfi srfi-9)
             (tap))

(define %deadline 60)
(define %stories (string-append (getenv "top_srcdir") "/tests/contract"))


;;;
;;; The queue that is tested.
;;;

(define-record-type <run>
  (make-run kind settings folder local server queue pushes)
  run?
  (kind run-kind)                       ;memory, journal, remote or remote-post
  (settings run-settings)
  (folder run-folder)                   ;for the journal
  (local run-local set-run-local!)
  (server run-server set-run-server!)   ;or #f
  (queue run-queue set-run-queue!)      ;what is asked
  (pushes run-pushes set-run-pushes!))  ;JSON that came without being asked for

(define (open! run)
  (let ((local (open-queue (if (eq? 'memory (run-kind run))
                               "memory:"
                               (string-append (run-folder run) "/journal.db"))
                           #:session-ms (json-ref (run-settings run) "session_ms" 30000)
                           #:claim-ms (json-ref (run-settings run) "claim_ms" 10000))))
    (set-run-local! run local)
    (if (memq (run-kind run) '(memory journal))
        (set-run-queue! run local)
        (let ((server (start-server local)))
          (set-run-server! run server)
          (set-run-queue! run (open-queue (server-uri server)
                                          #:websocket? (eq? 'remote (run-kind run))))))
    (queue-on-pushed! (run-queue run)
                      (lambda (session reply)
                        (set-run-pushes! run (append (run-pushes run)
                                                     (list (sync-reply->json reply))))))))

(define (close! run)
  (unless (eq? (run-queue run) (run-local run))
    (stop-server! (run-server run))
    (close-queue (run-queue run)))
  (close-queue (run-local run)))


;;;
;;; The calls: what each comes back with, as JSON.
;;;

(define (take-push! run)
  (wait-until (lambda () (pair? (run-pushes run))) #:timeout 20 #:for "a push")
  (let ((pushes (run-pushes run)))
    (set-run-pushes! run (cdr pushes))
    (car pushes)))

(define (list->json values ->json)
  (string-append "[" (string-join (map ->json values) ",") "]"))

(define (perform run call with step)
  (define queue (run-queue run))
  (define name (json-ref step "name"))
  (match call
    ("restart" (close! run) (open! run) "{}")
    ("push" (take-push! run))
    ("submit"
     (request-status->json (queue-submit! queue (json->request with))))
    ("sync"
     (sync-reply->json (queue-sync! queue (json->sync-message with))))
    ("list_jobs"
     (job-page->json (queue-list-jobs queue (json->query with))))
    ("cancel"
     (request-status->json (queue-cancel! queue name)))
    ("retry"
     (request-status->json (queue-retry! queue #:request name #:job (json-ref step "key"))))
    ("get_request"
     (request-status->json (queue-request queue name)))
    ("get_job"
     (job-status->json (queue-job queue name)))
    ("read_log"
     (log-chunk->json (queue-read-log queue name #:offset (json-ref step "offset" 0))))
    ("list_workers"
     (list->json (queue-workers queue) worker-status->json))
    ("set_worker_state"
     (worker-status->json
      (queue-set-worker-state! queue name (string->symbol (json-ref step "state")))))
    ("put_text"
     (json->string (queue-put-text! queue name)))
    ("get_text"
     (json->string (utf8->string (queue-text queue name))))))


;;;
;;; The steps.
;;;

(define (error-or-value thunk)
  (with-exception-handler
   (lambda (exception)
     (if (buildq-error? exception)
         exception
         (raise-exception exception)))
   thunk
   #:unwind? #t))

(define (check-error step exception)
  (let ((code (json-ref step "error"))
        (part (json-ref step "message" "")))
    (cond ((not (eq? (string->symbol code) (buildq-error-code exception)))
           (format #f "the error is '~a' (~a) instead of '~a'"
                   (buildq-error-code exception) (buildq-error-message exception) code))
          ((not (string-contains (buildq-error-message exception) part))
           (format #f "'~a' does not say '~a'" (buildq-error-message exception) part))
          (else #f))))

(define (save! saved step answer)
  (or-map (match-lambda
            ((name . path)
             (match (contract-find answer path)
               (#f (format #f "there is nothing at ~a to save" path))
               (found (hash-set! saved name found) #f))))
          (json-ref step "save" '())))

(define (check-answer step answer saved)
  (and (json-ref step "expect")
       (or (contract-match (contract-fill (json-ref step "expect") saved) answer)
           (save! saved step answer))))

(define (fill-argument step saved)
  (map (match-lambda
         (((and name (or "name" "with")) . value) (cons name (contract-fill value saved)))
         (member member))
       step))

(define (try-step run step saved)
  "Return what is wrong with what STEP came to, or #f."
  (let* ((step (fill-argument step saved))
         (with (and=> (json-ref step "with") json->string)))
    (match (error-or-value (lambda () (perform run (json-ref step "call") with step)))
      ((? buildq-error? exception)
       (if (json-ref step "error")
           (check-error step exception)
           (format #f "it failed: ~a" (buildq-error-message exception))))
      (json
       (if (json-ref step "error")
           (format #f "it succeeded, instead of '~a'" (json-ref step "error"))
           (check-answer step (string->json json) saved))))))

(define (run-step run step saved)
  "Try STEP, one with \"until\" until it is as expected: something has to happen first."
  (let ((deadline (+ (current-time) %deadline)))
    (let loop ((wrong (try-step run step saved)))
      (if (and wrong (json-ref step "until") (< (current-time) deadline))
          (begin
            (wait 0.02)
            (loop (try-step run step saved)))
          wrong))))

(define (run-steps run steps)
  "Return what is wrong in STEPS, or #f."
  (let ((saved (make-hash-table)))
    (let loop ((steps steps) (number 0))
      (match steps
        (() #f)
        ((step . rest)
         (match (run-step run step saved)
           (#f (loop rest (1+ number)))
           (wrong (format #f "step ~a (~a): ~a" number (json-ref step "call") wrong))))))))


;;;
;;; The stories.
;;;

(define (can-run? kind story)
  (not (any (lambda (need)
              (member (cons need kind) '(("push" . remote-post) ("journal" . memory))))
            (vector->list (json-ref story "needs" #())))))

(define (run-story kind story)
  "Return what is wrong in STORY, or #f."
  (call-with-folder
   (lambda (folder)
     (let ((run (make-run kind (json-ref story "settings" '()) folder #f #f #f '())))
       (open! run)
       (let ((wrong (run-steps run (vector->list (json-ref story "steps")))))
         (close! run)
         wrong)))))

(define stories
  (map (lambda (file)
         (cons (basename file ".json")
               (call-with-input-file (string-append %stories "/" file) read-json)))
       (scandir %stories (lambda (file) (string-suffix? ".json" file)))))

(define (run-stories kind)
  "Return pairs of the name of a test and what is wrong there, or #f."
  (filter-map (match-lambda
                ((name . story)
                 (and (can-run? kind story)
                      (cons (format #f "~a: ~a" kind name) (run-story kind story)))))
              stories))

(for-each (match-lambda
            ((name . wrong) (ok (not wrong) name wrong)))
          (append-map join-thread
                      (map (lambda (kind)
                             (call-with-new-thread (lambda () (run-stories kind))))
                           '(memory journal remote remote-post))))
(done)

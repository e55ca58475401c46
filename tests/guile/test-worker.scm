;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Workers with executors in Scheme, and commands, in one thread with their queue.
(use-modules (buildq)
             (folder)
             (ice-9 match)
             (ice-9 textual-ports)
             (srfi srfi-1)
             (tap))

(define (scheme-job key . options)
  (apply job #:key key #:kind "scheme" #:system "any" options))

(define (call-with-farm executor proc . options)
  "Call PROC with a queue in memory, and a worker for it that runs jobs by EXECUTOR."
  (call-with-folder
   (lambda (folder)
     (define (in name) (string-append folder "/" name))
     (call-with-queue "memory:"
       (lambda (queue)
         (let ((worker (apply start-worker queue "w" #:systems '("any")
                              #:store (in "store") #:work-dir (in "work")
                              #:mirrors (list (in "mirror"))
                              #:executors `(("command" . command) ("scheme" . ,executor))
                              options)))
           (proc queue worker)
           (worker-drain! worker)
           (worker-wait worker #:timeout 30)))))))

(define (run-jobs queue . jobs)
  "Return the results of JOBS, as soon as there are all."
  (queue-wait queue (queue-submit! queue jobs) #:timeout 60)
  (map (lambda (job) (job-status-result (queue-job queue (job-key job)))) jobs))

(define (outcomes executor . jobs)
  "Return the outcomes and messages of JOBS that are run by EXECUTOR once."
  (let ((results '()))
    (call-with-farm executor
      (lambda (queue worker)
        (set! results (map (lambda (result)
                             (list (result-outcome result) (result-message result)))
                           (apply run-jobs queue jobs)))))
    results))

(define (write-file path text)
  (call-with-output-file path (lambda (port) (display text port))))

(define (read-file path)
  (call-with-input-file path get-string-all))

;; An output, an input, a log.
(define (upcase execution)
  (format #t "at ~a~%" (job-key (execution-job execution)))
  (write-file (execution-output execution)
              (string-upcase (if (execution-input execution "text")
                                 (read-file (execution-input execution "text"))
                                 (job-payload (execution-job execution))))))

(call-with-farm upcase
  (lambda (queue worker)
    (let* ((command (job #:key "command" #:system "any" #:outputs '("out")
                         #:argv '("sh" "-c" "tr A-Z x < $BUILDQ_INPUT_text > $out")
                         #:inputs (list (input "text" #:job "first"))))
           (results (run-jobs queue
                              (scheme-job "first" #:payload "hello" #:outputs '("out"))
                              command
                              (scheme-job "last" #:outputs '("out")
                                          #:inputs (list (input "text" #:job "command"))))))
      (check "jobs in Scheme and commands succeed" '(succeeded succeeded succeeded)
             (map result-outcome results))
      (check "an artifact says what it is" "out"
             (artifact-name (first (result-artifacts (last results)))))
      (check "what is written is the log" "at first\n"
             (call-with-output-string
               (lambda (port) (queue-copy-log queue "first" port #:timeout 30))))
      (check "the worker is there" '("w")
             (map worker-status-name (queue-workers queue))))))

;; How it ends.
(check "an error fails the job with its message"
       '((failed "no such thing: 42"))
       (outcomes (lambda (execution) (error "no such thing:" 42)) (scheme-job "a")))
(check "an executor can say how it failed"
       '((input-missing "nothing there"))
       (outcomes (lambda (execution) (execution-fail! execution "nothing there" 'input-missing))
                 (scheme-job "a")))
(check "whatever it returns, it has succeeded" '((succeeded #f))
       (outcomes (const 'strange) (scheme-job "a")))
(check "an output that was not made fails the job" 'failed
       (match (outcomes (const #t) (scheme-job "a" #:outputs '("out")))
         (((outcome _)) outcome)))
(check "a timeout ends what it waits in" 'timed-out
       (match (outcomes (lambda (execution) (wait 60)) (scheme-job "a" #:timeout-s 1))
         (((outcome _)) outcome)))
(check "so does silence" '((timed-out "stopped after 1 s without output"))
       (outcomes (lambda (execution) (display "hello\n") (wait 60))
                 (scheme-job "a" #:silent-timeout-s 1)))
(check "but not for one that says something" '((succeeded #f))
       (outcomes (lambda (execution)
                   (for-each (lambda (i) (wait 0.3) (format #t "~a~%" i)) (iota 5)))
                 (scheme-job "a" #:silent-timeout-s 1)))
(check "what it said before it failed is in the log" "half a line"
       (let ((log #f))
         (call-with-farm (lambda (execution) (display "half a line") (error "oops"))
           (lambda (queue worker)
             (run-jobs queue (scheme-job "a"))
             (set! log (call-with-output-string
                         (lambda (port) (queue-copy-log queue "a" port #:timeout 30))))))
         log))

;; Long work: other jobs and the queue go on. Each waits for the other.
(define running '())
(define (in-steps execution)
  (let ((key (job-key (execution-job execution))))
    (set! running (cons key running))
    (for-each (lambda (step) (wait)) (iota 5))
    (wait-until (lambda () (= 2 (length running))) #:timeout 30)))
(call-with-farm in-steps
  (lambda (queue worker)
    (check "two jobs run at the same time in one thread" '(succeeded succeeded)
           (map result-outcome (run-jobs queue (scheme-job "a") (scheme-job "b")))))
  #:slots 2)

;; An executor uses the library.
(call-with-farm (lambda (execution) #t)
  (lambda (queue worker)
    (let ((inner '()))
      (call-with-folder
       (lambda (folder)
         (define other
           (start-worker queue "other" #:systems '("other")
                         #:store (string-append folder "/store")
                         #:work-dir (string-append folder "/work")
                         #:executors
                         `(("outer" . ,(lambda (execution)
                                         (set! inner
                                               (run-jobs queue (scheme-job "inner"))))))))
         (check "an executor can submit a job and wait for it" '(succeeded)
                (map result-outcome
                     (run-jobs queue (job #:key "outer" #:kind "outer" #:system "other"))))
         (check "and gets its result" '(succeeded) (map result-outcome inner))
         (worker-stop! other)
         (check-raises "a worker that is stopped says so" buildq-error-code 'cancelled
                       (worker-wait other #:timeout 30)))))))

;; What happens is told; a cancelled job stops.
(define told '())
(define state #f)
(call-with-farm
 (lambda (execution)
   (set! state 'runs)
   (with-exception-handler
     (lambda (exception)
       (set! state (if (execution-cancelled? execution) 'cancelled exception))
       (raise-exception exception))
     (lambda () (wait-until (const #f)))
     #:unwind? #t))
 (lambda (queue worker)
   (let ((request (queue-submit! queue (scheme-job "endless"))))
     (wait-until (lambda () state) #:timeout 30)
     (check "what was started is told" '((started "endless")) told)
     (check "it runs" 'leased (job-status-state (queue-job queue "endless")))
     (queue-cancel! queue request)
     (wait-until (lambda () (member '(finished "endless" cancelled) told)) #:timeout 30)
     (check "what it waited in was ended" 'cancelled state)))
 #:on-started (lambda (key) (set! told (cons `(started ,key) told)))
 #:on-finished (lambda (key outcome) (set! told (cons `(finished ,key ,outcome) told))))

(check "a worker is printed with its state" "#<worker w ready>"
       (let ((text #f))
         (call-with-farm (const #t)
           (lambda (queue worker)
             (wait-until (lambda () (eq? 'ready (worker-state worker))) #:timeout 30)
             (set! text (format #f "~a" worker))))
         text))
(done)

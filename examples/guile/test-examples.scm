;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; The examples of this folder, against a queue and a worker in a thread of this program.
(use-modules (buildq)
             (folder)
             (ice-9 match)
             (ice-9 popen)
             (ice-9 textual-ports)
             (srfi srfi-1)
             (tap))

(define guile (getenv "GUILE"))

(define (example name)
  (string-append (getenv "top_srcdir") "/examples/guile/" name))

(define (output-of port)
  "Return the lines that PORT, a pipe, has, and the exit status."
  (let* ((lines (string-split (string-trim-right (get-string-all port)) #\newline))
         (status (status:exit-val (close-pipe port))))
    (values lines status)))

(define (code-lines name)
  (call-with-input-file (example name)
    (lambda (port)
      (count (lambda (line)
               (let ((line (string-trim line)))
                 (not (or (string-null? line) (string-prefix? ";" line)))))
             (string-split (get-string-all port) #\newline)))))

(for-each (lambda (name)
            (check (string-append name " is short") #t (<= (code-lines name) 40)))
          '("submit.scm" "worker.scm" "embed.scm"))

(define (start-farm folder)
  "Return a queue and the URI of a server for it."
  (let* ((queue (open-queue "memory:"))
         (server (start-server queue)))
    (start-worker queue "machine" #:mirrors (list (string-append folder "/mirror"))
                  #:store (string-append folder "/store")
                  #:work-dir (string-append folder "/machine"))
    (values queue (server-uri server))))

(define (test-submit uri)
  (call-with-values (lambda () (output-of (open-pipe* OPEN_READ guile (example "submit.scm") uri)))
    (lambda (lines status)
      (check "submit.scm ends well" 0 status)
      (check "submit.scm tells of the first and the last state" #t
             (and (string-prefix? "0 of 4 done" (first lines))
                  (member "4 of 4 done, 0 running" lines)
                  #t))
      (check "submit.scm tells of each job" '("left" "right" "both" "loud")
             (map (lambda (line) (first (string-split line #\:)))
                  (take-right lines 4))))))

(define (test-worker owner queue uri folder)
  (define port (open-pipe* OPEN_READ guile (example "worker.scm") uri "snake" folder))
  (define (run-primes payload)
    (owner-call owner
      (lambda ()
        (let ((primes (job #:key payload #:kind "primes" #:payload payload
                           #:outputs '("out"))))
          (queue-wait queue (queue-submit! queue primes) #:timeout 60)
          (let ((result (job-status-result (queue-job queue payload))))
            (list (result-outcome result) (result-message result)
                  (and (eq? 'succeeded (result-outcome result))
                       (call-with-output-string
                         (lambda (port)
                           (queue-copy-log queue payload port #:timeout 30))))))))))
  (check "worker.scm works" '(succeeded #f "found 2\nfound 3\nfound 5\n") (run-primes "6"))
  (check "worker.scm says what is wrong" '(failed "the payload is no number" #f)
         (run-primes "six"))
  (owner-call owner (lambda () (queue-set-worker-state! queue "snake" 'draining)))
  (call-with-values (lambda () (output-of port))
    (lambda (lines status)
      (check "worker.scm ends when it is drained" 0 status))))

(define (test-embed folder)
  (define command
    (format #f "echo 1 2 3 | tr ' ' '\\n' | ~a ~a ~a" guile (example "embed.scm") folder))
  (call-with-values (lambda () (output-of (open-pipe* OPEN_READ "/bin/sh" "-c" command)))
    (lambda (lines status)
      (check "embed.scm works" '(("the sum of the squares is 14") 0) (list lines status)))))

(call-with-folder
 (lambda (folder)
   (call-with-owner
    (lambda (owner)
      (call-with-values (lambda () (owner-call owner (lambda () (start-farm folder))))
        (lambda (queue uri)
          (test-submit uri)
          (test-worker owner queue uri folder)
          (test-embed folder)))))))
(done)

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; guile worker.scm URI NAME FOLDER
;;;
;;; Works for the queue at URI as the machine NAME, with its files in FOLDER: jobs of
;;; the kind "primes" have a number as their payload, and make the list of the primes
;;; below it.  It ends when it is drained (buildq worker drain NAME) or by ^C.
(use-modules (buildq)
             (ice-9 match))

(define (prime? n primes)
  (not (or-map (lambda (p) (zero? (modulo n p))) primes)))

(define (primes-below limit)
  "Return the primes below LIMIT, and let the worker go on after each."
  (let loop ((n 2) (primes '()))
    (cond ((= n limit) (reverse primes))
          ((prime? n primes)
           (format #t "found ~a~%" n)   ;to the log of the job
           (wait)
           (loop (1+ n) (cons n primes)))
          (else (loop (1+ n) primes)))))

(define (run-primes execution)
  (let ((limit (string->number (job-payload (execution-job execution)))))
    (unless limit
      (execution-fail! execution "the payload is no number"))
    (call-with-output-file (execution-output execution)
      (lambda (port)
        (write (primes-below limit) port)))))

(match (command-line)
  ((_ uri name folder)
   (sigaction SIGINT (lambda (signal) (exit 0)))
   (call-with-queue uri
     (lambda (queue)
       (run-worker queue name
                   #:store (string-append folder "/store")
                   #:work-dir (string-append folder "/work")
                   #:mirrors (list (string-append folder "/mirror"))
                   #:executors `(("primes" . ,run-primes)))))))

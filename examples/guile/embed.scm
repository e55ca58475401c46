;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; guile embed.scm FOLDER
;;;
;;; A queue and two workers inside a program that has a loop of its own.  The loop sums
;;; up the numbers that it reads; meanwhile the workers square them.
(use-modules (buildq)
             (ice-9 match)
             (ice-9 rdelim))

(define queue (open-queue "memory:"))
(define folder (match (command-line) ((_ folder) folder)))
(define sum 0)
(define asked 0)

(define (square execution)
  (let ((n (string->number (job-payload (execution-job execution)))))
    (set! sum (+ sum (* n n)))
    (format #t "~a is done~%" n)))

(define (start name)
  (start-worker queue name #:executors `(("square" . ,square))
                #:store (string-append folder "/store")
                #:work-dir (string-append folder "/" name)))

(define (ask n)
  "Have N squared, and wait for it in a task, while the loop goes on."
  (set! asked (1+ asked))
  (spawn (lambda ()
           (queue-wait queue (queue-submit! queue (job #:key n #:kind "square"
                                                       #:payload n)))
           (set! asked (1- asked)))))

(define workers (map start '("one" "two")))

(let loop ((input (list (current-input-port))))
  (unless (and (null? input) (zero? asked))
    (match (if (dispatch) '(() () ()) (select (cons (context-port) input) '() '()))
      ((ready _ _)
       (if (memq (current-input-port) ready)
           (match (read-line)
             ((? eof-object?) (loop '()))
             (line (ask line) (loop input)))
           (loop input))))))
(for-each worker-drain! workers)
(for-each worker-wait workers)
(format #t "the sum of the squares is ~a~%" sum)

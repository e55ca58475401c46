;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; guile submit.scm [URI]
;;;
;;; Submits a graph of jobs to a queue, the one at BUILDQ_URI by default, and shows how
;;; it goes until it is done.
(use-modules (buildq)
             (ice-9 match))

(define (shell key script . inputs)
  "Return a job that runs SCRIPT, where the keys INPUTS name files that other jobs made."
  (job #:key key
       #:argv (list "sh" "-c" script)
       #:inputs (map (lambda (key) (input key #:job key)) inputs)
       #:outputs '("out")))

(define jobs
  (list (shell "left" "echo Hello > $out")
        (shell "right" "echo World > $out")
        (shell "both" "cat $BUILDQ_INPUT_left $BUILDQ_INPUT_right > $out" "left" "right")
        (shell "loud" "tr a-z A-Z < $BUILDQ_INPUT_both > $out" "both")))

(define (show-progress status)
  (format #t "~a of ~a done, ~a running~%" (request-status-succeeded status)
          (request-status-total status) (request-status-leased status)))

(define (show-result status)
  (match (job-status-result status)
    (#f (format #t "~a: ~a~%" (job-status-key status) (job-status-state status)))
    (result
     (format #t "~a: ~a, ~a~%" (job-status-key status) (result-outcome result)
             (map artifact-store-path (result-artifacts result))))))

(call-with-queue (match (command-line) ((_ uri) uri) (_ #f))
  (lambda (queue)
    (let ((status (queue-wait queue (queue-submit! queue jobs)
                              #:on-progress show-progress)))
      (for-each show-result (queue-jobs queue #:request status))
      (exit (eq? 'succeeded (request-status-state status))))))

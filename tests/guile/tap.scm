;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Just enough of the Test Anything Protocol. A test file uses this module as (tap), and
;; ends with (done).
(define-module (tap)
  #:use-module (ice-9 exceptions)
  #:export (ok check check-raises check-error done))

(define count 0)
(define failed 0)

(define* (ok good? name #:optional detail)
  "Report one result; DETAIL says what is wrong."
  (set! count (1+ count))
  (unless good?
    (set! failed (1+ failed)))
  (format #t "~a ~a - ~a~%" (if good? "ok" "not ok") count name)
  (when (and detail (not good?))
    (for-each (lambda (line) (format #t "#   ~a~%" line))
              (string-split (format #f "~a" detail) #\newline)))
  (force-output))

(define (describe exception)
  (call-with-output-string
    (lambda (port)
      (print-exception port #f (exception-kind exception) (exception-args exception)))))

(define (outcome thunk)
  (with-exception-handler
   (lambda (exception) (cons 'raised exception))
   (lambda () (cons 'returned (thunk)))
   #:unwind? #t))

(define-syntax-rule (check name expected expression)
  "The EXPRESSION is equal? to what is EXPECTED."
  (check-outcome name expected (outcome (lambda () expression))))

(define (check-outcome name expected outcome)
  (if (eq? 'raised (car outcome))
      (ok #f name (describe (cdr outcome)))
      (ok (equal? expected (cdr outcome)) name
          (format #f "~s instead of ~s" (cdr outcome) expected))))

(define-syntax-rule (check-raises name proc expected expression)
  "The EXPRESSION raises something of which PROC returns what is EXPECTED."
  (let ((result (outcome (lambda () expression))))
    (if (eq? 'raised (car result))
        (let ((value (outcome (lambda () (proc (cdr result))))))
          (ok (equal? (cons 'returned expected) value) name (describe (cdr result))))
        (ok #f name (format #f "nothing was raised, but ~s returned" (cdr result))))))

(define-syntax-rule (check-error name text expression)
  "The EXPRESSION raises something that is shown with TEXT in it."
  (let ((result (outcome (lambda () expression))))
    (if (eq? 'raised (car result))
        (let ((shown (describe (cdr result))))
          (ok (string-contains shown text) name shown))
        (ok #f name (format #f "nothing was raised, but ~s returned" (cdr result))))))

(define (done)
  "End the test."
  (format #t "1..~a~%" count)
  (exit (if (zero? failed) 0 1)))

;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; What an answer must be, as far as a story of tests/contract tells; see the README
;;; there.
(define-module (contract-match)
  #:use-module (ice-9 match)
  #:use-module (json)
  #:export (contract-fill
            contract-match
            contract-find))

(define (contract-fill value saved)
  "Return VALUE with each text \"$NAME\" replaced by what the hash table SAVED has for NAME."
  (match value
    ((? vector?)
     (list->vector (map (lambda (item) (contract-fill item saved)) (vector->list value))))
    (((names . members) ...)
     (map (lambda (name member) (cons name (contract-fill member saved))) names members))
    ((? string?)
     (if (string-prefix? "$" value)
         (or (hash-ref saved (substring value 1))
             (error "nothing was saved as" value))
         value))
    (_ value)))

(define (match-text expected actual)
  (cond ((string=? expected "*") #t)
        ((not (string? actual)) #f)
        ((string-prefix? "~" expected) (string-contains actual (substring expected 1)))
        (else (string=? expected actual))))

(define (match-vector expected actual where)
  (if (= (vector-length expected) (vector-length actual))
      (or-map (lambda (i)
                (contract-match (vector-ref expected i) (vector-ref actual i)
                                (format #f "~a[~a]" where i)))
              (iota (vector-length expected)))
      (format #f "~a: ~a elements instead of ~a" where
              (vector-length actual) (vector-length expected))))

(define (match-object expected actual where)
  (or-map (match-lambda
            ((name . wanted)
             (let ((here (string-append where "." name)))
               (match (assoc name actual)
                 ((_ . found) (contract-match wanted found here))
                 (#f (and (not (eq? wanted 'null))
                          (string-append here " is not there")))))))
          expected))

(define* (contract-match expected actual #:optional (where "answer"))
  "Return what is wrong with ACTUAL, or #f."
  (cond ((and (vector? expected) (vector? actual)) (match-vector expected actual where))
        ((and (list? expected) (list? actual)) (match-object expected actual where))
        ((if (string? expected)
             (match-text expected actual)
             (equal? expected actual))
         #f)
        (else (format #f "~a is ~a instead of ~a" where
                      (json->string actual) (json->string expected)))))

(define (contract-find value path)
  "Return what lies at PATH, such as \"grants.0.token\", in VALUE, or #f."
  (let loop ((value value) (parts (string-split path #\.)))
    (match parts
      (() value)
      ((part . rest)
       (let ((found (if (vector? value)
                        (let ((i (string->number part)))
                          (and i (< i (vector-length value)) (vector-ref value i)))
                        (and (list? value) (json-ref value part)))))
         (and found (loop found rest)))))))

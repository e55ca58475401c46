;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; Just enough JSON for the stories of tests/contract: objects are lists of pairs, arrays
;;; are vectors, null is the symbol null.
(define-module (json)
  #:use-module (ice-9 match)
  #:export (read-json
            string->json
            json->string
            json-ref))

(define (fail port what)
  (error "bad JSON" what (port-line port) (port-column port)))

(define (skip-space port)
  (when (memv (peek-char port) '(#\space #\newline #\tab #\return))
    (read-char port)
    (skip-space port)))

(define (expect port char)
  (skip-space port)
  (unless (eqv? (read-char port) char)
    (fail port char)))

(define (read-escape port)
  (match (read-char port)
    (#\n #\newline)
    (#\t #\tab)
    (#\r #\return)
    (#\b #\backspace)
    (#\f #\page)
    (#\u (integer->char
          (string->number (list->string (map (lambda (_) (read-char port)) (iota 4))) 16)))
    ((and char (or #\" #\\ #\/)) char)
    (_ (fail port "escape"))))

(define (read-string-rest port)
  (let loop ((chars '()))
    (match (read-char port)
      (#\" (reverse-list->string chars))
      (#\\ (loop (cons (read-escape port) chars)))
      ((? eof-object?) (fail port "string"))
      (char (loop (cons char chars))))))

(define (read-word port)
  (let loop ((chars '()))
    (let ((char (peek-char port)))
      (if (or (eof-object? char)
              (not (or (char-alphabetic? char) (char-numeric? char)
                       (memv char '(#\+ #\- #\.)))))
          (reverse-list->string chars)
          (loop (cons (read-char port) chars))))))

(define (read-items port close read-item)
  "Read what stands between commas, up to the character CLOSE."
  (skip-space port)
  (if (eqv? (peek-char port) close)
      (begin (read-char port) '())
      (let loop ((items (list (read-item port))))
        (skip-space port)
        (let ((char (read-char port)))
          (cond ((eqv? char close) (reverse items))
                ((eqv? char #\,) (loop (cons (read-item port) items)))
                (else (fail port char)))))))

(define (read-member port)
  (expect port #\")
  (let ((name (read-string-rest port)))
    (expect port #\:)
    (cons name (read-json port))))

(define (read-json port)
  "Read one value from PORT."
  (skip-space port)
  (match (peek-char port)
    (#\{ (read-char port) (read-items port #\} read-member))
    (#\[ (read-char port) (list->vector (read-items port #\] read-json)))
    (#\" (read-char port) (read-string-rest port))
    (_ (match (read-word port)
         ("true" #t)
         ("false" #f)
         ("null" 'null)
         (word (or (string->number word) (fail port word)))))))

(define (string->json text)
  "Read the value that TEXT is."
  (call-with-input-string text read-json))

(define (write-json-string text port)
  (write-char #\" port)
  (string-for-each
   (lambda (char)
     (cond ((memv char '(#\" #\\)) (write-char #\\ port) (write-char char port))
           ((char<? char #\space)
            (format port "\\u~a"
                    (string-pad (number->string (char->integer char) 16) 4 #\0)))
           (else (write-char char port))))
   text)
  (write-char #\" port))

(define (write-items open items close write-item port)
  (write-char open port)
  (let loop ((items items) (first? #t))
    (unless (null? items)
      (unless first? (write-char #\, port))
      (write-item (car items) port)
      (loop (cdr items) #f)))
  (write-char close port))

(define (write-json value port)
  (match value
    (#t (display "true" port))
    (#f (display "false" port))
    ('null (display "null" port))
    ((? number?) (write value port))
    ((? string?) (write-json-string value port))
    ((? vector?) (write-items #\[ (vector->list value) #\] write-json port))
    ((? list?) (write-items #\{ value #\}
                            (lambda (member port)
                              (write-json-string (car member) port)
                              (write-char #\: port)
                              (write-json (cdr member) port))
                            port))))

(define (json->string value)
  "Return VALUE as a line of JSON."
  (call-with-output-string (lambda (port) (write-json value port))))

(define* (json-ref object name #:optional default)
  "Return the member NAME of OBJECT, or DEFAULT."
  (match (assoc name object)
    ((_ . value) value)
    (#f default)))

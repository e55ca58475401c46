;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; That doc/guile.md has all that (buildq) exports, with its arguments, and nothing else.
(use-modules (buildq)
             (folder)
             (ice-9 eval-string)
             (ice-9 match)
             (ice-9 regex)
             (ice-9 session)
             (ice-9 textual-ports)
             (srfi srfi-1)
             (tap))

(define manual
  (call-with-input-file (string-append (getenv "top_srcdir") "/doc/guile.md")
    get-string-all))

(define interface (resolve-interface '(buildq)))

(define exported
  (module-map (lambda (name variable) name) interface))

(define (submatches pattern text)
  (map (lambda (m) (match:substring m 1)) (list-matches pattern text)))

;; From names to the headings that define them: #### `(name argument …)`
(define headings
  (map (lambda (heading)
         (cons (string->symbol (first (string-tokenize heading (char-set-complement
                                                                (string->char-set " ()`")))))
               heading))
       (submatches "\n#### `([^`\n]+)`" manual)))

;; The procedures of values are in the first column of tables.
(define in-tables
  (map string->symbol
       (append-map (lambda (cell) (submatches "`([^`]+)`" cell))
                   (submatches "\n(\\| `[^|]+\\|)" manual))))

(define documented (append (map car headings) in-tables))

(define (names<? a b)
  (string<? (symbol->string a) (symbol->string b)))

(define (difference a b)
  (sort (lset-difference eq? a b) names<?))

(check "what is exported is in the manual" '() (difference exported documented))
(check "what is in the manual is exported" '() (difference documented exported))
(check "nothing is there twice" (length documented)
       (length (delete-duplicates documented)))

(define (arguments name)
  "Return the texts that the heading of NAME must have: its arguments and keywords."
  (match (procedure-arguments (module-ref interface name))
    ((('required . required) ('optional . optional) ('keyword . keywords) . _)
     (append (map symbol->string required)
             (map symbol->string optional)
             (map (match-lambda ((keyword . _) (format #f "~s" keyword))) keywords)))
    (_ '())))

(define (generic? text)
  ;; What accessors of exceptions and records call their argument.
  (member text '("obj" "s" "object" "exception")))

(check "headings have all arguments" '()
       (append-map (match-lambda
                     ((name . heading)
                      (filter-map (lambda (text)
                                    (and (procedure? (module-ref interface name))
                                         (not (generic? text))
                                         (not (string-contains heading text))
                                         (list name text)))
                                  (if (procedure? (module-ref interface name))
                                      (arguments name)
                                      '()))))
                   headings))

(check "each procedure has a docstring" '()
       (filter (lambda (name)
                 (let ((value (module-ref interface name)))
                   (and (procedure? value)
                        (not (procedure-documentation value)))))
               exported))

(define (readable? code)
  (with-exception-handler
   (const #f)
   (lambda ()
     (call-with-input-string code
       (lambda (port)
         (let loop ()
           (or (eof-object? (read port))
               (loop))))))
   #:unwind? #t))

(define (code text)
  (submatches "\n```scheme\n(([^`]|`[^`])+)```" text))

(check "the examples can be read" '()
       (remove readable? (code manual)))

(define tutorial
  (substring manual (string-contains manual "\n# Tutorial")
             (string-contains manual "\n# Waiting")))

(define (run-tutorial folder)
  "Run the examples of the tutorial that need no other machine, and return what they print."
  (define module (make-fresh-user-module))
  (define (run block)
    (eval-string (regexp-substitute/global #f "/var/tmp" block 'pre folder 'post)
                 #:module module))
  (with-output-to-string
    (lambda ()
      (for-each run (remove (lambda (block) (string-contains block "farm.example"))
                            (code tutorial)))
      (run "(worker-stop! worker)")
      (run "(false-if-exception (worker-wait worker))"))))

(check "the tutorial runs" '(#t #t #t)
       (let ((said (call-with-folder run-tutorial)))
         (map (lambda (text) (->bool (string-contains said text)))
              '("0 of 2\n" "2 of 2\n" "job 'nothing' is not known"))))
(done)

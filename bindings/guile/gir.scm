;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; What the generator reads: the GIR, its names, and its documentation.
(define-module (gir)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (sxml simple)
  #:export (read-namespace
            attribute
            children
            child
            flag?
            namespace
            scheme-name
            type-stem
            type-variable
            enum-variable
            c-callables
            c-name
            documentation))

(define (read-namespace file)
  (let ((gir (call-with-input-file file
               (cut xml->sxml <> #:trim-whitespace? #t
                    #:namespaces
                    '((g . "http://www.gtk.org/introspection/core/1.0")
                      (c . "http://www.gtk.org/introspection/c/1.0")
                      (glib . "http://www.gtk.org/introspection/glib/1.0"))))))
    (child (child gir 'g:repository) 'g:namespace)))

(define (attribute node name)
  (and=> (assq name (match node
                      ((_ ('@ . attributes) . _) attributes)
                      (_ '())))
         cadr))

(define (children node . tags)
  (filter (lambda (child)
            (and (pair? child) (memq (car child) tags)))
          (cdr node)))

(define (child node . tags)
  (match (apply children node tags)
    ((first . _) first)
    (() #f)))

(define (flag? node name)
  (equal? "1" (attribute node name)))

(define namespace (make-parameter #f))

(define (scheme-name name)
  "Return the C name without the prefix of the namespace, as a symbol of Scheme."
  (let* ((prefix (string-append (attribute (namespace) 'c:symbol-prefixes) "_"))
         (name (if (string-prefix? prefix name)
                   (string-drop name (string-length prefix))
                   name)))
    (string->symbol (string-map (lambda (c) (if (char=? c #\_) #\- c)) name))))

(define (type-stem node)
  "Return the name of NODE in Scheme: that of its get_type without this."
  (let ((name (symbol->string (scheme-name (attribute node 'glib:get-type)))))
    (string-drop-right name (string-length "-get-type"))))

(define (type-variable node)
  (string->symbol (string-append "<" (type-stem node) ">")))

(define (enum-variable node)
  (string->symbol (string-append "%" (type-stem node))))

(define (c-callables namespace)
  "Return the functions, constructors and methods of NAMESPACE, each once."
  (let ((owners (children namespace 'g:class 'g:interface 'g:record 'g:enumeration
                          'g:bitfield 'g:union)))
    (remove (cut attribute <> 'moved-to)
            (append-map (cut children <> 'g:function 'g:constructor 'g:method)
                        (cons namespace owners)))))

(define (c-name callable)
  (attribute callable 'c:identifier))

(define (dashes name)
  "Return the C name, BuildqJobState.to_string or job_state, as Scheme spells it."
  (string-map (lambda (c) (if (memv c '(#\. #\_)) #\- c))
              (string-downcase
               (regexp-substitute/global #f "([a-z])([A-Z])" name 'pre
                                         (lambda (m)
                                           (string-append (match:substring m 1) "-"
                                                          (match:substring m 2)))
                                         'post))))

(define (first-paragraph node)
  (match (and node (child node 'g:doc))
    ((_ _ text . _)
     (substring text 0 (or (string-contains text "\n\n") (string-length text))))
    (_ "")))

(define spellings
  `(("\\[[a-z]+@([A-Z][A-Za-z]*\\.)?([A-Za-z_.:-]+)\\]"
     . ,(lambda (m) (dashes (match:substring m 2))))
    ("%NULL" . ,(const "#f"))
    ("%TRUE" . ,(const "#t"))
    ("%FALSE" . ,(const "#f"))
    ("@([a-z_]+)" . ,(lambda (m) (string-upcase (dashes (match:substring m 1)))))))

(define (documentation node)
  "Return the first paragraph of what is known of the callable NODE, as Scheme spells it."
  (let ((text (first-paragraph node)))
    (fold (match-lambda*
            (((pattern . by) text)
             (regexp-substitute/global #f pattern text 'pre by 'post)))
          (if (string-null? text)
              (string-append "Return "
                             (first-paragraph (child node 'g:return-value)) ".")
              text)
          spellings)))

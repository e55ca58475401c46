;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; guile generate.scm Buildq-1.gir excluded.scm > ffi.scm
;;
;; Writes the module (buildq ffi): each callable of the GIR as a procedure in terms of
;; (buildq runtime). What it has no rule for it refuses, so that a gap is an error of the
;; build.
(add-to-load-path (dirname (car (command-line))))
(use-modules (gir)
             (ice-9 match)
             (ice-9 pretty-print)
             (srfi srfi-1)
             (srfi srfi-9)
             (srfi srfi-26))

(define refusals 0)

(define (refuse where what . arguments)
  "Say why WHERE, a C name, cannot be bound, and give up on it."
  (format (current-error-port) "generate.scm: ~a: ~a~%" where
          (apply format #f what arguments))
  (set! refusals (1+ refusals))
  (throw 'refused))

(define (map-bindable proc items)
  "Map PROCEDURE over ITEMS without those that are refused."
  (filter-map (lambda (item)
                (catch 'refused
                  (lambda () (proc item))
                  (const #f)))
              items))


;;;
;;; Types of the namespace.
;;;

;; From GIR names to (kind variable): boxed, object, enum, or (callback node).
(define types (make-hash-table))

(define (collect-types! namespace)
  (for-each
   (lambda (node)
     (let ((set (cut hash-set! types (attribute node 'name) <>)))
       (match (car node)
         ((or 'g:class 'g:interface)
          (set (list 'object (type-variable node))))
         ('g:record
          (when (attribute node 'glib:get-type)
            (set (list 'boxed (type-variable node)))))
         ('g:enumeration
          (set (list 'enum (enum-variable node))))
         ('g:callback
          (set (list 'callback node))))))
   (children namespace 'g:class 'g:interface 'g:record 'g:enumeration 'g:callback)))

(define (enum-definition node)
  (let ((members (children node 'g:member))
        (where (attribute node 'c:type)))
    (unless (equal? (map (compose string->number (cut attribute <> 'value)) members)
                    (iota (length members)))
      (refuse where "cannot bind an enumeration whose values are not 0, 1, 2, …"))
    `(define ,(enum-variable node)
       ,(list->vector (map (compose string->symbol (cut attribute <> 'glib:nick))
                           members)))))

(define (boxed-definition node)
  (let* ((stem (type-stem node))
         (prefix (string-append (attribute (namespace) 'c:symbol-prefixes) "_"
                                (attribute node 'c:symbol-prefix)))
         (names (map c-name (children node 'g:method)))
         (required (lambda (suffix)
                     (let ((name (string-append prefix suffix)))
                       (unless (member name names)
                         (refuse (attribute node 'c:type)
                                 "cannot bind a boxed type without ~a" name))
                       name))))
    `(define ,(type-variable node)
       (make-boxed-type ',(string->symbol stem) ,(required "_ref") ,(required "_unref")))))

(define (object-definition node)
  (let* ((parents (filter-map (lambda (implemented)
                                (match (hash-ref types (attribute implemented 'name))
                                  (('object variable) variable)
                                  (_ #f)))
                              (children node 'g:implements))))
    `(define ,(type-variable node)
       (make-object-type ',(string->symbol (type-stem node)) (list ,@parents)))))

(define (predicate-definition node)
  (let ((stem (type-stem node)))
    `(define (,(string->symbol (string-append stem "?")) object)
       ,(string-append "Return whether OBJECT is of the type " stem ".")
       (handle-is? object ,(type-variable node)))))


;;;
;;; Values, in both directions.
;;;

(define (type-name node)
  (attribute node 'name))

(define (type-of node)
  "Return the type of the parameter or return value NODE: a name, (strings), or
(array element)."
  (match (child node 'g:type 'g:array 'g:varargs)
    (#f "nothing known")
    (('g:varargs . _) "varargs")
    ((and type ('g:type . _))
     (match (children type 'g:type)
       (() (type-name type))
       (elements (string-append (type-name type) " of "
                                (string-join (map type-name elements) ", ")))))
    (array
     (let ((element (type-name (child array 'g:type)))
           (kind (attribute array 'name)))
       (cond ((and kind (string=? kind "GLib.PtrArray"))
              (list 'array element))
             ((and (not kind) (string=? element "utf8")
                   (not (attribute array 'length)) (not (attribute array 'fixed-size)))
              '(strings))
             (else
              (format #f "~a of ~a" (or kind "array") element)))))))

(define (by-value? node type)
  "Return whether NODE, of TYPE, is a structure and not a pointer to one."
  (match (hash-ref types type)
    (((or 'boxed 'object) _)
     (not (string-suffix? "*" (or (attribute (child node 'g:type) 'c:type) ""))))
    (_ #f)))

(define (describe type)
  (match type
    ((? string?) type)
    (('strings) "array of utf8")
    (('array element) (string-append "GLib.PtrArray of " element))))

;; Names of the GIR, of (system foreign), and the limits.
(define integers
  `(("gint" int ,(- (expt 2 31)) ,(1- (expt 2 31)))
    ("guint" unsigned-int 0 ,(1- (expt 2 32)))
    ("gint64" int64 ,(- (expt 2 63)) ,(1- (expt 2 63)))
    ("guint64" uint64 0 ,(1- (expt 2 64)))
    ("GLib.Quark" uint32 0 ,(1- (expt 2 32)))))

(define (to-c type name who refuse)
  "Return the C type of an argument of TYPE, and what converts the variable NAME to it."
  (match type
    ((? (cut assoc <> integers))
     (match (assoc-ref integers type)
       ((c-type low high) (values c-type `(integer->c ,name ,low ,high ,who)))))
    ("gboolean" (values 'int `(boolean->c ,name)))
    ("gdouble" (values 'double `(double->c ,name ,who)))
    ("GLib.Bytes" (values ''* `(bytes->c ,name ,who)))
    ("GLib.Error" (values ''* `(error->c ,name ,who)))
    ("GLib.MainContext" (values ''* `(context->c ,name ,who)))
    ("Gio.Cancellable" (values ''* `(cancellable->c ,name ,who)))
    (('array element)
     (match (hash-ref types element)
       (('boxed variable) (values ''* `(array->c ,name ,variable ,who)))
       (_ (refuse type))))
    (_
     (match (hash-ref types type)
       (('boxed variable) (values ''* `(boxed->c ,name ,variable ,who)))
       (('object variable) (values ''* `(object->c ,name ,variable ,who)))
       (('enum variable) (values 'int `(enum->c ,name ,variable ,who)))
       (_ (refuse type))))))

(define (from-c type transfer name refuse)
  "Return the C type of a value of TYPE, and what converts the variable NAME from it;
TRANSFER is that of the GIR."
  (let ((full? (equal? transfer "full")))
    (match type
      ("none" (values 'void name))
      ((? (cut assoc <> integers)) (values (car (assoc-ref integers type)) name))
      ("gboolean" (values 'int `(c->boolean ,name)))
      ("gdouble" (values 'double name))
      ((or "utf8" "filename")
       (values ''* `(,(if full? 'c->string/free 'c->string) ,name)))
      (('strings)
       (values ''* `(,(if full? 'c->strings/free 'c->strings) ,name)))
      ((and "GLib.Bytes" (? (const full?))) (values ''* `(c->bytes ,name)))
      ("Gio.Cancellable"
       (values 'uintptr_t
               `(,(if full? 'c->object 'c->object/ref) ,name <cancellable>)))
      ((and ('array element) (? (const (equal? transfer "container"))))
       (match (hash-ref types element)
         (('boxed variable) (values ''* `(c->boxed-list ,name ,variable)))
         (('object variable) (values ''* `(c->object-list ,name ,variable)))
         (_ (refuse type))))
      (_
       (match (hash-ref types type)
         (('boxed variable)
          (values 'uintptr_t `(,(if full? 'c->boxed 'c->boxed/ref) ,name ,variable)))
         (('object variable)
          (values 'uintptr_t `(,(if full? 'c->object 'c->object/ref) ,name ,variable)))
         (('enum variable) (values 'int `(c->enum ,name ,variable)))
         (_ (refuse type)))))))

(define (string-type? type)
  (member type '("utf8" "filename" (strings))))

(define (touches-objects? type)
  "Return whether a call with a value of TYPE could call Scheme."
  (match type
    ((or "Gio.Cancellable" "Gio.AsyncResult" "Gio.AsyncReadyCallback") #t)
    ((? string?) (memq (match (hash-ref types type) ((kind . _) kind) (_ #f))
                       '(object callback)))
    (_ #f)))


;;;
;;; Callables.
;;;

;; What becomes of one parameter of C: the variable of Scheme or #f, the C type, what is
;; evaluated before the call, the argument, and the value returned besides, or #f.
(define-record-type <argument>
  (make-argument variable c-type bindings expression out)
  argument?
  (variable argument-variable)
  (c-type argument-c-type)
  (bindings argument-bindings)
  (expression argument-expression)
  (out argument-out))

(define (parameters-of callable)
  (match (child callable 'g:parameters)
    (#f '())
    (node (children node 'g:instance-parameter 'g:parameter))))

(define (variable-of parameter)
  (scheme-name (attribute parameter 'name)))

(define (local prefix parameter)
  (string->symbol (string-append prefix (symbol->string (variable-of parameter)))))

(define (refuser where parameter)
  (lambda (type)
    (refuse where "cannot bind argument ~a: ~a, transfer ~a" (attribute parameter 'name)
            (describe type) (attribute parameter 'transfer-ownership))))

;; Strings are checked before the call, and converted within it.
(define (string-argument type variable nullable? who)
  (let ((check (if (string? type) 'check-string 'check-strings))
        (convert `(,(if (string? type) 'string->c 'strings->c) ,variable)))
    (make-argument variable ''*
                   `((%checked ,(if nullable?
                                    `(when ,variable (,check ,variable ,who))
                                    `(,check ,variable ,who))))
                   (if nullable? `(if ,variable ,convert %null-pointer) convert)
                   #f)))

(define (in-argument where parameter who)
  (let* ((type (type-of parameter))
         (refuse (refuser where parameter))
         (variable (variable-of parameter))
         (local (local "c:" parameter)))
    (unless (and (equal? "none" (attribute parameter 'transfer-ownership))
                 (not (by-value? parameter type)))
      (refuse type))
    (if (string-type? type)
        (string-argument type variable (flag? parameter 'nullable) who)
        (call-with-values (cut to-c type variable who refuse)
          (lambda (c-type convert)
            (make-argument variable c-type
                           `((,local ,(if (flag? parameter 'nullable)
                                          `(if ,variable ,convert %null-pointer)
                                          convert)))
                           local #f))))))

(define (out-argument where parameter)
  (let* ((type (type-of parameter))
         (local (local "out:" parameter))
         (slot-ref (match (hash-ref types type type)
                     (('enum _) 'slot-int)
                     ("gint64" 'slot-int64)
                     (_ ((refuser where parameter) type)))))
    (call-with-values (cut from-c type "none" `(,slot-ref ,local) (refuser where parameter))
      (lambda (c-type convert)
        (make-argument #f ''* `((,local (make-slot))) `(slot-pointer ,local) convert)))))

(define (result-argument where parameter names who)
  (let ((stem (string-drop-right where (string-length "_finish"))))
    (unless (and (string-suffix? "_finish" where)
                 (member (string-append stem "_async") names))
      (refuse where "cannot bind a GAsyncResult: there is no ~a_async" stem))
    (make-argument 'result ''*
                   `((c:result (result->c result ',(scheme-name stem) self ,who)))
                   'c:result #f)))

(define (async-argument where parameter who)
  (unless (string-suffix? "_async" where)
    (refuse where "cannot bind a GAsyncReadyCallback of what is not named _async"))
  (make-argument 'callback ''* '() '(if callback %async-ready %null-pointer) #f))

(define (notified-argument where parameter variable who)
  (unless (and (equal? "notified" (attribute parameter 'scope))
               (attribute parameter 'destroy))
    (refuse where "cannot bind callback ~a: its scope is ~a, not notified"
            (attribute parameter 'name) (attribute parameter 'scope)))
  (make-argument (variable-of parameter) ''* '()
                 `(if ,(variable-of parameter) ,variable %null-pointer) #f))

(define (user-data-argument where callback who)
  "Return the argument that CALLBACK, a parameter, is known by."
  (let ((variable (variable-of callback)))
    (if (equal? "Gio.AsyncReadyCallback" (type-of callback))
        (make-argument #f 'uintptr_t
                       `((%id (async-callback
                              ,variable
                              ',(scheme-name (string-drop-right
                                              where (string-length "_async")))
                              self ,who)))
                       '%id #f)
        (make-argument #f 'uintptr_t `((%id (notified-callback ,variable ,who))) '%id #f))))

(define (destroy-argument callback)
  (make-argument #f ''* '()
                 `(if ,(variable-of callback) %destroy-callback %null-pointer) #f))

(define (owner-of parameters index which)
  "Return the callback whose WHICH, closure or destroy, is the parameter of INDEX."
  (find (lambda (parameter)
          (and (equal? (attribute parameter which) (number->string index))
               ;; The scanner marks user_data itself, too.
               (not (equal? "gpointer" (type-of parameter)))))
        parameters))

(define (argument-of where parameter index parameters names who)
  (let ((type (type-of parameter))
        (callback (owner-of parameters index 'closure)))
    (cond
     (callback (user-data-argument where callback who))
     ((owner-of parameters index 'destroy) => destroy-argument)
     ((equal? "out" (attribute parameter 'direction)) (out-argument where parameter))
     ((equal? "inout" (attribute parameter 'direction))
      (refuse where "cannot bind argument ~a, which goes in and out"
              (attribute parameter 'name)))
     ((equal? type "Gio.AsyncResult") (result-argument where parameter names who))
     ((equal? type "Gio.AsyncReadyCallback") (async-argument where parameter who))
     (else
      (match (hash-ref types type)
        (('callback node)
         (notified-argument where parameter (callback-variable node) who))
        (_ (in-argument where parameter who)))))))

(define (arguments-of callable names who)
  (let ((where (c-name callable))
        (parameters (parameters-of callable)))
    (let loop ((left parameters) (index 0))
      (match left
        (() '())
        ((parameter . rest)
         (if (eq? (car parameter) 'g:instance-parameter)
             (cons (in-argument where parameter who) (loop rest index))
             (cons (argument-of where parameter index parameters names who)
                   (loop rest (1+ index)))))))))

;; The number of a callback is taken last: nobody would give it back if the conversion of
;; another argument failed.
(define (bindings-of arguments)
  (call-with-values
      (lambda ()
        (partition (lambda (binding) (eq? (car binding) '%id))
                   (append-map argument-bindings arguments)))
    (lambda (ids others)
      (append others ids))))

(define (call-form callable arguments throws? who)
  "Return what calls the procedure %call, ends what was begun, and returns the values."
  (let* ((returned (child callable 'g:return-value))
         (type (type-of returned))
         (call `(%call ,@(map argument-expression arguments)
                   ,@(if throws? '((slot-pointer %error)) '())))
         (types (map type-of (parameters-of callable)))
         (call (cond ((any string-type? types) `(guarded/strings ,call))
                     ((any touches-objects? (cons type types)) `(guarded ,call))
                     (else call)))
         (outs (filter-map argument-out arguments))
         (after `(,@(if (find (lambda (argument)
                                (eq? 'c:result (argument-expression argument)))
                              arguments)
                        '((finish-result! result))
                        '())
                  ,@(if throws? `((finish-error-slot %error ,who)) '())))
         (refuse (lambda (type)
                   (refuse (c-name callable) "cannot bind its value: ~a, transfer ~a"
                           (describe type)
                           (attribute returned 'transfer-ownership)))))
    (call-with-values (cut from-c type (attribute returned 'transfer-ownership)
                           '%value refuse)
      (lambda (c-type convert)
        (values c-type
                (cond ((and (eq? c-type 'void) (null? outs))
                       `(,call ,@after ,@(if (null? after) '() '(*unspecified*))))
                      ((eq? c-type 'void)
                       `(,call ,@after (values ,@outs)))
                      ((and (null? after) (null? outs))
                       (list (substitute call '%value convert)))
                      (else
                       `((let ((%value ,call))
                           ,@after
                           ,(if (null? outs) convert `(values ,convert ,@outs)))))))))))

(define (substitute call name form)
  "Return FORM with CALL instead of the variable NAME."
  (match form
    ((? symbol?) (if (eq? form name) call form))
    ((items ...) (map (cut substitute call name <>) items))
    (_ form)))

(define (callable-definition callable names)
  (let* ((where (c-name callable))
         (name (scheme-name where))
         (who `',name)
         (throws? (flag? callable 'throws))
         (arguments (arguments-of callable names who))
         (types (map type-of (parameters-of callable)))
         (makes-object? (and (touches-objects? (type-of (child callable 'g:return-value)))
                             (not (any touches-objects? types)))))
    (when (equal? "0" (attribute callable 'introspectable))
      (refuse where "cannot bind what is not introspectable"))
    (call-with-values (cut call-form callable arguments throws? who)
      (lambda (c-type body)
        (let ((bindings `(,@(bindings-of arguments)
                          ,@(if throws? '((%error (take-error-slot))) '())))
              (variables (filter-map argument-variable arguments)))
          `(define ,name
             (let ((%call (c-function ,c-type ,where
                                  (list ,@(map argument-c-type arguments)
                                        ,@(if throws? '('*) '())))))
               (lambda ,variables
                 ,(documentation callable)
                 ,@(if makes-object? '((current-context)) '())
                 ,@(if (null? bindings)
                       body
                       `((let* ,bindings ,@body)))))))))))


;;;
;;; What C calls.
;;;

(define (callback-variable node)
  (string->symbol (string-append "%" (attribute node 'c:type))))

(define (incoming where parameters)
  "Return the variables, C types and converting expressions of PARAMETERS."
  (unzip3
   (map (lambda (parameter)
          (let ((type (type-of parameter))
                (variable (variable-of parameter)))
            (call-with-values
                (cut from-c type (attribute parameter 'transfer-ownership) variable
                     (refuser where parameter))
              (cut list variable <> <>))))
        parameters)))

(define (callback-definition node)
  "Define the procedure that C calls for callbacks of the type NODE, which return a
boolean and can fail."
  (let ((where (attribute node 'c:type)))
    (match (parameters-of node)
      ((parameters ... data)
       (unless (and (equal? "gpointer" (type-of data))
                    (flag? node 'throws)
                    (equal? "gboolean" (type-of (child node 'g:return-value))))
         (refuse where "cannot bind a callback that is not gboolean (…, gpointer, \
GError**)"))
       (call-with-values (cut incoming where parameters)
         (lambda (variables c-types expressions)
           `(define ,(callback-variable node)
              (procedure->pointer
               int
               (lambda (,@variables id error)
                 (answer-callback id (lambda () (list ,@expressions)) error))
               (list ,@c-types uintptr_t '*)))))))))

;; From the C types and conversions of signals to the variable of what C calls.
(define signatures '())

(define (signature-variable c-types expressions)
  (let ((key (cons c-types expressions)))
    (or (assoc-ref signatures key)
        (let ((variable (string->symbol
                         (format #f "%signal-~a" (length signatures)))))
          (set! signatures (acons key variable signatures))
          variable))))

(define (signature-definition signature)
  (match signature
    (((c-types . expressions) . variable)
     (let ((variables (map (lambda (i) (string->symbol (format #f "a~a" i)))
                           (iota (length c-types)))))
       `(define ,variable
          (procedure->pointer
           void
           (lambda (instance ,@variables id)
             (emit-signal instance id (lambda () (list ,@expressions))))
           (list uintptr_t ,@c-types uintptr_t)))))))

(define (signal-registration owner signal)
  (let* ((name (attribute signal 'name))
         (where (format #f "~a::~a" (attribute owner 'c:type) name)))
    (unless (equal? "none" (type-of (child signal 'g:return-value)))
      (refuse where "cannot bind a signal that returns something"))
    (call-with-values (cut incoming where (parameters-of signal))
      (lambda (variables c-types expressions)
        (let ((expressions (map (lambda (variable index expression)
                                  (substitute (string->symbol (format #f "a~a" index))
                                              variable expression))
                                variables (iota (length variables)) expressions)))
          `(register-signal! ,(type-variable owner) ',(string->symbol name)
                             ,(signature-variable c-types expressions)))))))

(define (notify-registration owner property)
  "Register the signal that tells of a PROPERTY; its GParamSpec is of no use."
  `(register-signal! ,(type-variable owner)
                     ',(string->symbol
                        (string-append "notify::" (attribute property 'name)))
                     ,(signature-variable '(uintptr_t) '())))


;;;
;;; The module.
;;;

(define (check-excluded excluded names)
  (for-each (match-lambda
              ((name reason)
               (unless (member name names)
                 (refuse "excluded.scm" "~a is not in the GIR" name))))
            excluded))

(define (module-forms namespace excluded)
  (let* ((boxed (filter (cut attribute <> 'glib:get-type) (children namespace 'g:record)))
         (interfaces (children namespace 'g:interface))
         (objects (append interfaces (children namespace 'g:class)))
         (enums (children namespace 'g:enumeration))
         (callables (c-callables namespace))
         (names (map c-name callables))
         (bound (remove (lambda (callable) (assoc (c-name callable) excluded))
                        callables))
         (domains (filter (cut attribute <> 'glib:error-domain) enums))
         (definitions
           (append (map-bindable enum-definition enums)
                   (map-bindable boxed-definition boxed)
                   (map-bindable object-definition objects)
                   (map-bindable predicate-definition (append boxed objects))
                   (map-bindable (cut callable-definition <> names) bound)))
         (callbacks (map-bindable callback-definition (children namespace 'g:callback)))
         (signals (append-map
                   (lambda (owner)
                     (append (map-bindable (cut signal-registration owner <>)
                                           (children owner 'glib:signal))
                             (map (cut notify-registration owner <>)
                                  (children owner 'g:property))))
                   objects)))
    (map-bindable (lambda (entry) (check-excluded (list entry) names)) excluded)
    `((define-module (buildq ffi)
        #:use-module (buildq runtime)
        #:use-module (system foreign)
        #:export ,(map (match-lambda
                         (('define (name . _) . _) name)
                         (('define name . _) name))
                       definitions))
      ,@(map (lambda (enum)
               `(register-error-codes! 'buildq ,(attribute enum 'glib:error-domain)
                                       ,(attribute enum 'glib:get-type)))
             domains)
      ,@(map signature-definition (reverse signatures))
      ,@callbacks
      ,@definitions
      ,@(map (lambda (node)
               `(register-object-type! ,(attribute node 'glib:get-type)
                                       ,(type-variable node)))
             (children namespace 'g:class))
      ,@signals)))

(define (main gir excluded-file)
  (namespace (read-namespace gir))
  (collect-types! (namespace))
  (let ((forms (module-forms (namespace) (call-with-input-file excluded-file read))))
    (unless (zero? refusals)
      (exit 1))
    (format #t ";;; Made by generate.scm from ~a.~%" (basename gir))
    (for-each (lambda (form)
                (newline)
                (pretty-print form #:width 90))
              forms)))

(match (command-line)
  ((_ gir excluded) (main gir excluded))
  (_ (format (current-error-port) "usage: guile generate.scm GIR EXCLUDED~%")
     (exit 2)))

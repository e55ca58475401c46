;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; That the generator binds or refuses everything: what it says to shapes that it has no
;; rule for, and what it left out of the library's own GIR.
(use-modules (folder)
             (ice-9 match)
             (ice-9 popen)
             (ice-9 regex)
             (ice-9 textual-ports)
             (srfi srfi-1)
             (tap))

(define source (string-append (getenv "top_srcdir") "/bindings/guile"))
(define gir (string-append (getenv "top_builddir") "/lib/Buildq-1.gir"))

(define (read-text file)
  (call-with-input-file file get-string-all #:encoding "UTF-8"))


;;;
;;; Shapes.
;;;

(define (gir-of . elements)
  (string-append
   "<?xml version='1.0'?>
<repository xmlns='http://www.gtk.org/introspection/core/1.0'
            xmlns:c='http://www.gtk.org/introspection/c/1.0'
            xmlns:glib='http://www.gtk.org/introspection/glib/1.0'>
<namespace name='Buildq' version='1' c:symbol-prefixes='buildq'>
<record name='Job' c:type='BuildqJob' c:symbol-prefix='job'
        glib:get-type='buildq_job_get_type'>"
   (method "buildq_job_ref") (method "buildq_job_unref")
   "</record>"
   (string-concatenate elements)
   "</namespace></repository>"))

(define (method name)
  (format #f "<method name='m' c:identifier='~a'>
<return-value transfer-ownership='none'><type name='none'/></return-value></method>" name))

(define* (function name #:key (returns "<type name='none'/>") (transfer "none")
                   (more "") (parameters ""))
  (format #f "<function name='f' c:identifier='~a' ~a>
<return-value transfer-ownership='~a'>~a</return-value><parameters>~a</parameters>
</function>" name more transfer returns parameters))

(define* (parameter type #:key (transfer "none") (more ""))
  (format #f "<parameter name='thing' transfer-ownership='~a' ~a>~a</parameter>"
          transfer more type))

(define* (taking type #:key (name "buildq_take") (transfer "none") (more ""))
  "Return a function that takes an argument of TYPE."
  (function name #:parameters (parameter type #:transfer transfer #:more more)))

(define (generate text excluded)
  "Return the exit status of the generator for the GIR TEXT, and what it wrote."
  (call-with-folder
   (lambda (folder)
     (define (write-file name text)
       (let ((path (string-append folder "/" name)))
         (call-with-output-file path (lambda (port) (display text port))
                                #:encoding "UTF-8")
         path))
     (let* ((gir (write-file "Test-1.gir" text))
            (excluded (write-file "excluded.scm" (format #f "~s" excluded)))
            (port (open-pipe* OPEN_READ "sh" "-c" "exec \"$@\" 2>&1" "sh" (getenv "GUILE")
                              (string-append source "/generate.scm") gir excluded))
            (output (get-string-all port)))
       (values (status:exit-val (close-pipe port)) output)))))

(define excluded-references
  '(("buildq_job_ref" "counted") ("buildq_job_unref" "counted")))

(define* (refuses what text wanted #:key (excluded excluded-references))
  "Check that the generator refuses the GIR TEXT and says what is WANTED."
  (call-with-values (lambda () (generate text excluded))
    (lambda (status output)
      (ok (and (eqv? status 1) (string-contains output wanted))
          (string-append "refused: " what)
          (format #f "status ~a, ~a" status output)))))

(call-with-values
    (lambda ()
      (generate (gir-of (taking "<type name='Job' c:type='BuildqJob*'/>"))
                excluded-references))
  (lambda (status output)
    (ok (and (eqv? status 0) (string-contains output "(define take"))
        "what it has rules for is bound" output)))

;; What is taken, with the keywords of taking, and what is said about it.
(define shapes
  '(("a hash table" ("<type name='GLib.HashTable'><type name='utf8'/><type name='gint'/></type>")
     "cannot bind argument thing: GLib.HashTable of utf8, gint")
    ("a list" ("<type name='GLib.List'><type name='Job'/></type>")
     "cannot bind argument thing: GLib.List of Job")
    ("varargs" ("<varargs/>") "cannot bind argument thing: varargs")
    ("a structure by value" ("<type name='Job' c:type='BuildqJob'/>")
     "cannot bind argument thing: Job")
    ("a value that is given away" ("<type name='Job' c:type='BuildqJob*'/>"
                                   #:transfer "full")
     "cannot bind argument thing: Job, transfer full")
    ("an array with a length" ("<array length='1'><type name='utf8'/></array>")
     "cannot bind argument thing: array of utf8")
    ("an array of numbers" ("<array><type name='gint'/></array>")
     "cannot bind argument thing: array of gint")
    ("an array of strings in a GPtrArray"
     ("<array name='GLib.PtrArray'><type name='utf8'/></array>")
     "cannot bind argument thing: GLib.PtrArray of utf8")
    ("a pointer to anything" ("<type name='gpointer'/>")
     "cannot bind argument thing: gpointer")
    ("a type of another library" ("<type name='Gio.File'/>")
     "cannot bind argument thing: Gio.File")
    ("a number of 16 bits" ("<type name='gint16'/>") "cannot bind argument thing: gint16")
    ("an argument in and out" ("<type name='gint'/>" #:more "direction='inout'")
     "cannot bind argument thing, which goes in and out")
    ("a string that comes out" ("<type name='utf8'/>" #:more "direction='out'")
     "cannot bind argument thing: utf8")
    ("a callback for what is not asynchronous"
     ("<type name='Gio.AsyncReadyCallback'/>")
     "cannot bind a GAsyncReadyCallback of what is not named _async")
    ("a result of nothing" ("<type name='Gio.AsyncResult'/>")
     "cannot bind a GAsyncResult")))

;; All in one GIR, because the generator goes on after what it refuses.
(let ((names (map (lambda (i) (format #f "buildq_take~a" i)) (iota (length shapes)))))
  (call-with-values
      (lambda ()
        (generate (apply gir-of
                         (map (match-lambda*
                                ((name (what (type . keywords) wanted))
                                 (apply taking type #:name name keywords)))
                              names shapes))
                  excluded-references))
    (lambda (status output)
      (check "what is refused fails the build" 1 status)
      (for-each (match-lambda*
                  ((name (what arguments wanted))
                   (ok (string-contains output
                                        (string-append "generate.scm: " name ": " wanted))
                       (string-append "refused: " what) output)))
                names shapes))))

(define (callback returns)
  (format #f "<callback name='Func' c:type='BuildqFunc' throws='1'>
<return-value transfer-ownership='none'><type name='~a'/></return-value>
<parameters>~a</parameters></callback>" returns (parameter "<type name='gpointer'/>")))

(refuses "a callback while it is called"
         (gir-of (callback "gboolean")
                 (taking "<type name='Func'/>" #:more "scope='call'"))
         "buildq_take: cannot bind callback thing: its scope is call, not notified")
(refuses "a callback that returns a number" (gir-of (callback "gint"))
         "BuildqFunc: cannot bind a callback")
(refuses "a value of another library"
         (gir-of (function "buildq_get" #:returns "<type name='Gio.File'/>"))
         "buildq_get: cannot bind its value: Gio.File, transfer none")
(refuses "bytes that are lent"
         (gir-of (function "buildq_get" #:returns "<type name='GLib.Bytes'/>"))
         "buildq_get: cannot bind its value: GLib.Bytes, transfer none")
(refuses "an array that is given away with what is in it"
         (gir-of (function "buildq_get" #:transfer "full"
                           #:returns "<array name='GLib.PtrArray'><type name='Job'/></array>"))
         "buildq_get: cannot bind its value: GLib.PtrArray of Job, transfer full")
(refuses "what is not introspectable"
         (gir-of (function "buildq_get" #:more "introspectable='0'"))
         "buildq_get: cannot bind what is not introspectable")
(refuses "an enumeration with gaps"
         (gir-of "<enumeration name='E' c:type='BuildqE' glib:get-type='buildq_e_get_type'>
<member name='a' value='0' glib:nick='a'/><member name='b' value='2' glib:nick='b'/>
</enumeration>")
         "BuildqE: cannot bind an enumeration")
(refuses "a boxed type that cannot be counted"
         (gir-of "<record name='Box' c:type='BuildqBox' c:symbol-prefix='box'
                          glib:get-type='buildq_box_get_type'/>")
         "BuildqBox: cannot bind a boxed type without buildq_box_ref")
(refuses "a signal that asks"
         (gir-of "<class name='Thing' c:type='BuildqThing' c:symbol-prefix='thing'
                         glib:get-type='buildq_thing_get_type'>
<glib:signal name='asked'><return-value transfer-ownership='none'><type name='gboolean'/>
</return-value></glib:signal></class>")
         "BuildqThing::asked: cannot bind a signal that returns something")
(refuses "two shapes at once: both are named"
         (gir-of (taking "<type name='Gio.File'/>" #:name "buildq_first")
                 (taking "<type name='Gio.File'/>" #:name "buildq_second"))
         "buildq_second: cannot bind")
(refuses "an exclusion of nothing" (gir-of) "buildq_gone is not in the GIR"
         #:excluded (cons '("buildq_gone" "why") excluded-references))
(call-with-values
    (lambda ()
      (generate (gir-of (taking "<type name='Gio.File'/>"))
                (cons '("buildq_take" "a reason") excluded-references)))
  (lambda (status output)
    (ok (and (eqv? status 0) (not (string-contains output "(define take")))
        "what is excluded is not refused" output)))


;;;
;;; The GIR of the library.
;;;

(define callables
  (delete-duplicates
   (map (lambda (m) (match:substring m 2))
        (list-matches "<(function|method|constructor) [^>]*c:identifier=\"([^\"]*)\""
                      (read-text gir)))))
(define excluded (call-with-input-file (string-append source "/excluded.scm") read))
(define ffi (resolve-interface '(buildq ffi)))

(define (scheme-name name)
  (string->symbol (string-map (lambda (c) (if (char=? c #\_) #\- c))
                              (string-drop name (string-length "buildq_")))))

(define (bound? name)
  (and (module-variable ffi (scheme-name name)) #t))

(define (nothing found name)
  (ok (null? found) name (string-join (map object->string found) "\n")))

(ok (> (length callables) 500) "the GIR has hundreds of callables" (length callables))
(nothing (remove (lambda (name) (or (bound? name) (assoc name excluded))) callables)
         "each is bound or excluded")
(nothing (filter (lambda (name) (and (bound? name) (assoc name excluded))) callables)
         "none is both")
(nothing (remove (match-lambda
                   ((name (? string? reason)) (not (string-null? reason)))
                   (_ #f))
                 excluded)
         "each exclusion has a reason")
(nothing (filter-map (lambda (name)
                       (let ((value (module-ref ffi name)))
                         (and (procedure? value)
                              (member (procedure-documentation value) '(#f "" "Return ."))
                              name)))
                     (module-map (lambda (name variable) name) ffi))
         "each procedure is documented")

(done)

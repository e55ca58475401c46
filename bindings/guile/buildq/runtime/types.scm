;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; The closed list of types that the generator knows, each with how it goes to C (->c)
;; and how it comes back (c->).
(define-module (buildq runtime types)
  #:use-module (buildq runtime context)
  #:use-module (buildq runtime errors)
  #:use-module (buildq runtime library)
  #:use-module (rnrs bytevectors)
  #:use-module ((srfi srfi-1) #:select (fold))
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:export (make-boxed-type
            make-object-type
            register-object-type!
            c-type-name
            c-type-parents
            set-c-type-printer!
            handle?
            handle-is?
            handle-type
            handle=?
            close-handle
            closed?
            boxed->c c->boxed c->boxed/ref
            object->c c->object c->object/ref
            <cancellable>
            make-cancellable
            cancel!
            cancelled?
            cancellable->c
            c->result
            hand-over-result!
            result->c
            finish-result!
            boolean->c c->boolean
            integer->c double->c
            enum->c c->enum
            guarded/strings
            current-scratch scratch-used set-scratch-used!
            check-string string->c c->string c->string/free
            check-strings strings->c c->strings c->strings/free
            bytes->c c->bytes
            array->c c->boxed-list c->object-list))


;;;
;;; Numbers, enumerations.
;;;

(define-inlinable (boolean->c value)
  (if value 1 0))

(define-inlinable (c->boolean value)
  (not (eq? value 0)))

(define (integer->c value low high who)
  "Return VALUE, which must be an integer from LOW to HIGH."
  (unless (and (exact-integer? value) (<= low value high))
    (raise-wrong-type who value (format #f "integer from ~a to ~a" low high)))
  value)

(define (double->c value who)
  "Return VALUE, which must be a real number."
  (unless (real? value)
    (raise-wrong-type who value "real number"))
  value)

(define (enum->c value symbols who)
  "Return the number of the symbol VALUE in the vector SYMBOLS."
  (let ((count (vector-length symbols)))
    (let loop ((i 0))
      (cond ((= i count)
             (raise-wrong-type who value
                               (format #f "one of ~a" (vector->list symbols))))
            ((eq? value (vector-ref symbols i)) i)
            (else (loop (1+ i)))))))

(define (c->enum number symbols)
  "Return the symbol of NUMBER in the vector SYMBOLS. A number that a newer library may
send is itself."
  (if (< -1 number (vector-length symbols))
      (vector-ref symbols number)
      number))


;;;
;;; Boxed values and objects.
;;;

(define-record-type <c-type>
  (make-c-type name parents ref unref printer)
  c-type?
  (name c-type-name)
  (parents c-type-parents)              ;types of objects that it also is
  (ref c-type-ref)                      ;procedure
  (unref c-type-unref)                  ;pointer of a boxed type, else procedure
  (printer c-type-printer set-c-type-printer!))

(define-record-type <handle>
  (make-handle type pointer context)
  handle?
  (type handle-type)
  (pointer handle-pointer set-handle-pointer!) ;#f once it is closed
  (context handle-context))             ;#f of a value, which any thread may use

(define (print-address handle port)
  (display (number->string (pointer-address (handle-pointer handle)) 16) port))

(set-record-type-printer! <handle>
  (lambda (handle port)
    (let ((type (handle-type handle)))
      (format port "#<~a " (c-type-name type))
      (if (closed? handle)
          (display "closed" port)
          ((c-type-printer type) handle port))
      (display ">" port))))

(define (make-boxed-type name ref unref)
  "Return the type of boxed values NAME; REF and UNREF are names of C functions."
  (make-c-type name '() (c-function '* ref '(*)) (c-pointer unref) print-address))

(define g-object-ref (c-function '* "g_object_ref" '(*)))
(define g-object-unref (c-function void "g_object_unref" '(*)))

(define (make-object-type name parents)
  "Return the type of objects NAME, which are also of the types PARENTS."
  (make-c-type name parents g-object-ref g-object-unref print-address))

(define (handle-is? object type)
  "Return whether OBJECT is of TYPE."
  (and (handle? object)
       (or (eq? (handle-type object) type)
           (and (memq type (c-type-parents (handle-type object))) #t))))

(define (closed? handle)
  "Return whether HANDLE was closed."
  (not (handle-pointer handle)))

(define (handle=? a b)
  "Return whether A and B are the same value or object of C."
  (and (not (closed? a)) (not (closed? b))
       (= (pointer-address (handle-pointer a)) (pointer-address (handle-pointer b)))))

(define (raise-closed handle who)
  (raise-buildq-error who 'runtime 'closed
                      (format #f "the ~a was closed" (c-type-name (handle-type handle)))))

(define (raise-wrong-thread handle who)
  (raise-buildq-error who 'runtime 'wrong-thread
                      (format #f "the ~a belongs to another thread"
                              (c-type-name (handle-type handle)))))

(define (check-thread handle who)
  (unless (eq? (handle-context handle) (current-context))
    (raise-wrong-thread handle who)))

;; Boxed values are counted atomically and hold nothing of any thread, so that Guile's
;; finalizer may drop them on whatever thread it runs.
(define (c->boxed address type)
  "Return the value at ADDRESS, whose reference is ours from now on; #f for NULL."
  (and (not (eq? address 0))
       (make-handle type (make-pointer address (c-type-unref type)) #f)))

(define (c->boxed/ref address type)
  "Return the value at ADDRESS, which C keeps; #f for NULL."
  (and (not (eq? address 0))
       (begin
         ((c-type-ref type) (make-pointer address))
         (c->boxed address type))))

(define (boxed->c value type who)
  "Return the pointer of VALUE, which must be of TYPE."
  (if (and (handle? value) (eq? (handle-type value) type))
      (or (handle-pointer value) (raise-closed value who))
      (raise-wrong-type who value (c-type-name type))))

(define (object->c object type who)
  "Return the pointer of OBJECT, which must be of TYPE and belong to this thread."
  (unless (handle-is? object type)
    (raise-wrong-type who object (c-type-name type)))
  (let ((pointer (or (handle-pointer object) (raise-closed object who))))
    (check-thread object who)
    pointer))

;; By GType, the types whose objects can be told from each other.
(define object-types (make-hash-table))

(define (register-object-type! get-type type)
  "Let objects of the GType that the C function GET-TYPE returns be of TYPE, wherever they
come from."
  (hashv-set! object-types ((c-function size_t get-type '())) type))

;; The first word of an object points to its class, the first word of which is its GType.
(define (actual-type pointer type)
  (hashv-ref object-types
             (pointer-address (dereference-pointer (dereference-pointer pointer)))
             type))

(define (c->object address type)
  "Return the object at ADDRESS, whose reference is ours from now on; #f for NULL."
  (and (not (eq? address 0))
       (let* ((pointer (make-pointer address))
              (type (actual-type pointer type))
              (handle (make-handle type pointer (current-context))))
         ;; One is made for each call, and holds nothing of the thread.
         (unless (eq? type <cancellable>)
           (close-when-left handle))
         (keep-until-released handle))))

(define (c->object/ref address type)
  "Return the object at ADDRESS, which C keeps; #f for NULL."
  (unless (eq? address 0)
    (g-object-ref (make-pointer address)))
  (c->object address type))

(define (release-handle! handle)
  (let ((pointer (handle-pointer handle)))
    (when pointer
      (set-handle-pointer! handle #f)
      (when (handle-context handle)
        (guarded (g-object-unref pointer))))))

(define (close-handle handle)
  "Let go of HANDLE, an object or a value. It cannot be used any more; C keeps what it
still needs itself. To close it twice is no error."
  (unless (closed? handle)
    (when (handle-context handle)
      (check-thread handle 'close))
    (release-handle! handle)))


;;;
;;; GCancellable, which any thread may cancel.
;;;

(define g-cancellable-new (c-function uintptr_t "g_cancellable_new" '()))
(define g-cancellable-cancel (c-function void "g_cancellable_cancel" '(*)))
(define g-cancellable-is-cancelled (c-function int "g_cancellable_is_cancelled" '(*)))

(define <cancellable> (make-object-type 'cancellable '()))

(define (make-cancellable)
  "Return a new cancellable."
  (current-context)
  (c->object (g-cancellable-new) <cancellable>))

(define (cancellable->c cancellable who)
  "Return the pointer of CANCELLABLE."
  (unless (handle-is? cancellable <cancellable>)
    (raise-wrong-type who cancellable "cancellable"))
  (or (handle-pointer cancellable) (raise-closed cancellable who)))

(define (cancel! cancellable)
  "Cancel what was started with CANCELLABLE."
  (let ((pointer (cancellable->c cancellable 'cancel!)))
    (guarded (g-cancellable-cancel pointer))))

(define (cancelled? cancellable)
  "Return whether CANCELLABLE was cancelled."
  (c->boolean (g-cancellable-is-cancelled (cancellable->c cancellable 'cancelled?))))


;;;
;;; GAsyncResult: what the callback of an asynchronous call gets, for finish.
;;;

(define-record-type <result>
  (make-result pointer context stem source)
  result?
  (pointer result-pointer set-result-pointer!) ;#f once it is finished
  (context result-context)
  (stem result-stem)                    ;the name of the call without -async
  (source result-source))               ;the object it was called on

(set-record-type-printer! <result>
  (lambda (result port)
    (format port "#<result of ~a>" (result-stem result))))

(define (c->result address stem source)
  "Return the result at ADDRESS, which C keeps, of the call STEM on SOURCE."
  (let ((pointer (make-pointer address)))
    (g-object-ref pointer)
    (make-result pointer (current-context) stem source)))

;; Most are finished by the callback they are given to, and it is dear to watch for
;; objects nobody has any more: that is done for the others.
(define (hand-over-result! result)
  "Note that RESULT is about to be given to a callback; the one before it had its turn."
  (let* ((context (result-context result))
         (last (context-result context)))
    (set-context-result! context result)
    (when (and last (result-pointer last))
      (close-when-left (keep-until-released last)))))

;; C aborts, or says nothing, when it gets the result of another call.
(define (result->c result stem source who)
  "Return the pointer of RESULT, which must be that of the call STEM on SOURCE."
  (unless (result? result)
    (raise-wrong-type who result "result"))
  (unless (eq? (result-context result) (current-context))
    (raise-buildq-error who 'runtime 'wrong-thread "the result belongs to another thread"))
  (unless (and (eq? stem (result-stem result))
               (or (eq? source (result-source result))
                   (handle=? source (result-source result))))
    (raise-buildq-error who 'runtime 'invalid
                        (format #f "this is the result of another call, ~a-async"
                                (result-stem result))))
  (or (result-pointer result)
      (raise-buildq-error who 'runtime 'closed "the result was asked for before")))

(define (finish-result! result)
  "Release RESULT, which was asked for what it held."
  (let ((pointer (result-pointer result)))
    (when pointer
      (set-result-pointer! result #f)
      (guarded (g-object-unref pointer)))))


;;;
;;; Strings, lists, bytes.
;;;

(define g-free (c-function void "g_free" '(*)))
(define g-strfreev (c-function void "g_strfreev" '(*)))
(define g-bytes-new (c-function '* "g_bytes_new" (list '* size_t)))
(define g-bytes-get-data (c-function '* "g_bytes_get_data" '(* *)))
(define g-bytes-get-size (c-function size_t "g_bytes_get_size" '(*)))
(define g-bytes-unref (c-function void "g_bytes_unref" '(*)))
(define %g-bytes-unref (c-pointer "g_bytes_unref"))
(define g-ptr-array-new-with-free-func
  (c-function uintptr_t "g_ptr_array_new_with_free_func" '(*)))
(define g-ptr-array-add (c-function void "g_ptr_array_add" '(* *)))
(define g-ptr-array-unref (c-function void "g_ptr_array_unref" '(*)))
(define %g-ptr-array-unref (c-pointer "g_ptr_array_unref"))

;; Strings that go to C are written one after the other into a block that each thread has,
;; because a pointer to a bytevector is dear to make, and to collect. The block is used from
;; the first string of a call until C returns, while no interrupt can begin another call; a
;; call within that one goes on behind. What does not fit gets a bytevector of its own.
(define scratch-size 16384)

(define-record-type <scratch>
  (make-scratch bytes address used)
  scratch?
  (bytes scratch-bytes)
  (address scratch-address)
  (used scratch-used set-scratch-used!))

(define thread-scratch (make-thread-local-fluid #f))

(define (current-scratch)
  (or (fluid-ref thread-scratch)
      (let ((bytes (make-bytevector scratch-size)))
        (fluid-set! thread-scratch
                    (make-scratch bytes (pointer-address (bytevector->pointer bytes)) 0))
        (fluid-ref thread-scratch))))

(define-syntax-rule (guarded/strings call)
  "Make a CALL of C that converts strings; they must have been checked."
  (call-with-blocked-asyncs
   (lambda ()
     (let* ((scratch (current-scratch))
            (used (scratch-used scratch))
            (value call))
       (set-scratch-used! scratch used)
       value))))

(define (call-with-block size proc)
  "Call PROC with a bytevector, an index from which it has room for SIZE bytes, and the
address of that; return a pointer there."
  (let* ((scratch (current-scratch))
         (start (logand (+ (scratch-used scratch) 7) -8))
         (end (+ start size)))
    (if (<= end scratch-size)
        (let ((address (+ start (scratch-address scratch))))
          (set-scratch-used! scratch end)
          (proc (scratch-bytes scratch) start address)
          (make-pointer address))
        (let* ((bytes (make-bytevector size))
               (pointer (bytevector->pointer bytes)))
          (proc bytes 0 (pointer-address pointer))
          pointer))))

(define (copy-text! text bytes start)
  "Copy the bytevector TEXT and a nul into BYTES at START, and return where that ends."
  (let ((length (bytevector-length text)))
    (bytevector-copy! text 0 bytes start length)
    (bytevector-u8-set! bytes (+ start length) 0)
    (+ start length 1)))

(define (check-string value who)
  "Raise an error if VALUE is not a string that C can have."
  (unless (string? value)
    (raise-wrong-type who value "string"))
  (when (string-index value #\nul)
    (raise-wrong-type who value "string without #\\nul")))

(define (string->c string)
  "Return a pointer to STRING in UTF-8, within guarded/strings."
  (let ((text (string->utf8 string)))
    (call-with-block (1+ (bytevector-length text))
                     (lambda (bytes start address)
                       (copy-text! text bytes start)))))

;; This takes half the time of pointer->string.
(define scm-from-utf8-string
  (false-if-exception
   (pointer->procedure '* (foreign-library-pointer (load-foreign-library #f)
                                                   "scm_from_utf8_string")
                       '(*))))

(define (c->string pointer)
  "Return the string at POINTER, which C keeps; #f for NULL."
  (and (not (null-pointer? pointer))
       (if scm-from-utf8-string
           (pointer->scm (scm-from-utf8-string pointer))
           (pointer->string pointer -1 "UTF-8"))))

(define (c->string/free pointer)
  "Return the string at POINTER, which is ours; #f for NULL."
  (let ((string (c->string pointer)))
    (g-free pointer)
    string))

(define (check-strings strings who)
  "Raise an error if STRINGS is not a list of strings that C can have."
  (unless (and (list? strings) (and-map string? strings))
    (raise-wrong-type who strings "list of strings"))
  (for-each (lambda (string) (check-string string who)) strings))

;; One block: the addresses, NULL, and what they point to.
(define (strings->c strings)
  "Return a pointer to a NULL-terminated array of the list STRINGS, within
guarded/strings."
  (let* ((texts (map string->utf8 strings))
         (word (sizeof '*))
         (head (* word (1+ (length texts)))))
    (define (set-word! bytes index value)
      (bytevector-uint-set! bytes index value (native-endianness) word))
    (call-with-block
     (fold (lambda (text size) (+ size 1 (bytevector-length text))) head texts)
     (lambda (bytes start address)
       (let loop ((texts texts) (index start) (end (+ start head)))
         (if (null? texts)
             (set-word! bytes index 0)
             (begin
               (set-word! bytes index (+ address (- end start)))
               (loop (cdr texts)
                     (+ index word)
                     (copy-text! (car texts) bytes end)))))))))

(define (c->strings pointer)
  "Return the list of the strings in the NULL-terminated array at POINTER, which C keeps."
  (if (null-pointer? pointer)
      '()
      (let ((word (sizeof '*)))
        (let loop ((address (pointer-address pointer)) (strings '()))
          (let ((string (c->string (dereference-pointer (make-pointer address)))))
            (if string
                (loop (+ address word) (cons string strings))
                (reverse! strings)))))))

(define (c->strings/free pointer)
  "Return the list of the strings in the array at POINTER, which is ours."
  (let ((strings (c->strings pointer)))
    (g-strfreev pointer)
    strings))

(define (bytes->c bytes who)
  "Return a GBytes with a copy of the bytevector BYTES."
  (unless (bytevector? bytes)
    (raise-wrong-type who bytes "bytevector"))
  (let ((pointer (g-bytes-new (bytevector->pointer bytes) (bytevector-length bytes))))
    (set-pointer-finalizer! pointer %g-bytes-unref)
    pointer))

(define (c->bytes pointer)
  "Return a bytevector with a copy of the GBytes at POINTER, which is ours; #f for NULL."
  (and (not (null-pointer? pointer))
       (let* ((size (g-bytes-get-size pointer))
              (copy (make-bytevector size)))
         (unless (zero? size)
           (bytevector-copy! (pointer->bytevector (g-bytes-get-data pointer %null-pointer)
                                                  size)
                             0 copy 0 size))
         (g-bytes-unref pointer)
         copy)))

(define (array->c values type who)
  "Return a GPtrArray with references to VALUES, a list of boxed values of TYPE."
  (unless (list? values)
    (raise-wrong-type who values (format #f "list of ~a" (c-type-name type))))
  (let ((array (make-pointer (g-ptr-array-new-with-free-func (c-type-unref type))
                             %g-ptr-array-unref)))
    (for-each (lambda (value)
                (let ((pointer (boxed->c value type who)))
                  (g-ptr-array-add array ((c-type-ref type) pointer))))
              values)
    array))

;; A GPtrArray begins with the address of its elements and their number.
(define (array->list pointer convert)
  (let* ((fields (parse-c-struct pointer (list uintptr_t unsigned-int)))
         (word (sizeof '*))
         (start (car fields)))
    (let loop ((index (1- (cadr fields))) (values '()))
      (if (negative? index)
          (begin
            (g-ptr-array-unref pointer)
            values)
          (loop (1- index)
                (cons (convert (pointer-address
                                (dereference-pointer
                                 (make-pointer (+ start (* index word))))))
                      values))))))

(define (c->boxed-list pointer type)
  "Return the list of the boxed values in the GPtrArray at POINTER, which is ours."
  (array->list pointer (lambda (address) (c->boxed/ref address type))))

(define (c->object-list pointer type)
  "Return the list of the objects in the GPtrArray at POINTER, which is ours."
  (array->list pointer (lambda (address) (c->object/ref address type))))

(set-release!
 (lambda (object)
   (if (handle? object)
       (release-handle! object)
       (finish-result! object))))

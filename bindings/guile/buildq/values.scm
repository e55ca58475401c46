;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; The values: immutable, printed with what names them, usable from any thread.
(define-module (buildq values)
  #:use-module ((buildq ffi) #:prefix ffi:)
  #:use-module (buildq errors)
  #:use-module ((buildq runtime) #:select (set-c-type-printer!))
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:export (host-system
            job
            input
            output
            request
            artifact
            location
            machine-group
            offer
            query))

;; (define-value job (key kind (rebuild? rebuild) …)) defines and exports
;;   job?, job=?, job->json, json->job
;;   job-key …, over job-get-key; a field can have another name here than in C.
(define-syntax define-value
  (lambda (form)
    (define (symbol . parts)
      (string->symbol (string-concatenate
                       (map (lambda (part)
                              (if (symbol? part) (symbol->string part) part))
                            parts))))
    (define (field-names field)
      (if (pair? field) field (list field field)))
    (syntax-case form ()
      ((_ type (field ...))
       (let* ((name (syntax->datum #'type))
              (fields (map field-names (syntax->datum #'(field ...))))
              (here (lambda (symbol) (datum->syntax #'type symbol)))
              (doc (lambda (format-string . args)
                     (datum->syntax #'type (apply format #f format-string args)))))
         (with-syntax ((is? (here (symbol name "?")))
                       (is?-doc (doc "Return whether VALUE is a ~a." name))
                       (same? (here (symbol name "=?")))
                       (same?-doc (doc "Return whether A and B, each a ~a, say the same." name))
                       (to-json (here (symbol name "->json")))
                       (to-doc (doc "Return the ~a VALUE as JSON, the same text for equal \
values." name))
                       (from-json (here (symbol "json->" name)))
                       (from-doc (doc "Return the ~a that TEXT is, or raise an error with \
the code invalid." name))
                       (c-is? (here (symbol "ffi:" name "?")))
                       (c-equal (here (symbol "ffi:" name "-equal")))
                       (c-to-json (here (symbol "ffi:" name "-to-json")))
                       (c-from-json (here (symbol "ffi:" name "-new-from-json")))
                       (((getter c-getter getter-doc) ...)
                        (map (lambda (field)
                               (list (here (symbol name "-" (first field)))
                                     (here (symbol "ffi:" name "-get-" (second field)))
                                     (doc "Return the field ~a of the ~a VALUE."
                                          (first field) name)))
                             fields)))
           #'(begin
               (define (is? value) is?-doc (c-is? value))
               (define (same? a b) same?-doc (c-equal a b))
               (define (to-json value) to-doc (c-to-json value))
               (define (from-json text) from-doc (c-from-json text))
               (define (getter value) getter-doc (c-getter value))
               ...
               (export is? same? to-json from-json getter ...))))))))

(define-value job
  (key kind name system features depends inputs outputs argv env payload texts cores
   memory-bytes timeout-s silent-timeout-s log-limit-bytes spec-digest))
(define-value input (name job output artifact path file at))
(define-value output (name path))
(define-value request (id submitter group priority wanted (rebuild? rebuild) jobs))
(define-value artifact
  (name store-path nar-hash nar-size references deriver ca signatures locations
   fingerprint))
(define-value location (uri compression file-hash file-size))
(define-value request-status
  (id state submitter group priority total waiting ready leased succeeded failed
   dep-failed cancelled created-us finished-us wanted))
(define-value job-status
  (key name kind system state attempt priority worker waiting-for requests message
   submitted-us ready-us leased-us finished-us result))
(define-value query (request states after limit))
(define-value job-page (jobs next))
(define-value result
  (key token attempt outcome message worker exit-status started-us finished-us log-tail
   log-bytes log artifacts))
(define-value worker-status
  (name (connected? connected) offer holding seen-us state reasons))
(define-value offer (groups state reasons))
(define-value machine-group
  (name systems features kinds cores memory-bytes slots job-cores job-memory-bytes
   returned-cores returned-memory-bytes))
(define-value log-chunk (token offset bytes (finished? finished) location))
(define-value grant (token attempt claim-ms group not-on job))
(define-value receipt (token verdict message artifacts))
(define-value lease-notice (token verdict offset))
(define-value sync-message
  (session name seq ack step (push? push) version capabilities offer claims releases
   holding results logs))
(define-value sync-reply
  (session seq ack (attach? attach) version capabilities instance store-dir keys
   session-ms next-ms grants leases receipts wanted))
(define-value stats (samples requests ended))
(define-value sample (name labels value))
(define-value principal (name role))
(define-value journal-status
  (version size-bytes requests active-requests jobs unfinished-jobs leases results texts))

;; What tells one value from others, when they are printed.
(define-syntax-rule (define-printers (type format-string getter ...) ...)
  (begin
    (set-c-type-printer! type
                         (lambda (value port)
                           (format port format-string (getter value) ...)))
    ...))

(define-printers
  (ffi:<job> "~a" job-key)
  (ffi:<input> "~a" input-name)
  (ffi:<output> "~a" output-name)
  (ffi:<request> "of ~a" (compose length request-jobs))
  (ffi:<artifact> "~a ~a" artifact-name artifact-store-path)
  (ffi:<location> "~a" location-uri)
  (ffi:<request-status> "~a ~a/~a ~a" request-status-state request-status-succeeded
                        request-status-total request-status-id)
  (ffi:<job-status> "~a ~a" job-status-state job-status-key)
  (ffi:<result> "~a ~a" result-outcome result-key)
  (ffi:<worker-status> "~a ~a" worker-status-state worker-status-name)
  (ffi:<grant> "~a" (compose job-key grant-job))
  (ffi:<receipt> "~a" receipt-verdict)
  (ffi:<sample> "~a ~a" sample-name sample-value)
  (ffi:<principal> "~a ~a" principal-role principal-name))

(define (host-system)
  "Return the system that this program runs on, such as \"x86_64-linux\"."
  (let ((machine (utsname:machine (uname))))
    (string-append (match machine
                     ((or "i386" "i486" "i586") "i686")
                     ("armv8l" "armv7l")
                     ("ppc64le" "powerpc64le")
                     ("ppc64" "powerpc64")
                     ("ppc" "powerpc")
                     (_ machine))
                   "-linux")))

(define-syntax-rule (set-given! builder (setter value) ...)
  ;; What is #f keeps its default in C.
  (begin (when value (setter builder value)) ...))

(define* (input name #:key job (output "out") artifact path file at)
  "Return the input NAME of a job, which is one of: OUTPUT of the job with the key JOB; an
ARTIFACT; the store path PATH; the text with the hash FILE.  With AT it lies at that place
in the directory of the job."
  (let ((value (cond (job (ffi:input-new-for-job name job output))
                     (artifact (ffi:input-new-for-artifact name artifact))
                     (path (ffi:input-new-for-path name path))
                     (file (ffi:input-new-for-file name file))
                     (else (raise-error
                            'input 'invalid
                            "input '~a': neither job, artifact, path nor file" name)))))
    (if at (ffi:input-place value at) value)))

(define* (output name #:optional path)
  "Return the output NAME of a job, which it makes at PATH, relative to its directory, or
where the variable with this name says."
  (ffi:output-new name path))

(define* (job #:key key (kind "command") name (system (host-system)) (features '())
              (depends '()) (inputs '()) (outputs '()) (argv '()) (env '()) payload
              (texts '()) cores memory-bytes timeout-s silent-timeout-s log-limit-bytes)
  "Return a job.  KEY names the work.  DEPENDS are keys of jobs; INPUTS values of
`input'; OUTPUTS names, or values of `output'.  For the kind \"command\": ARGV is the
command and ENV a list of \"NAME=VALUE\"; for others PAYLOAD is a text that their
executor understands.  Raise an error with the code invalid for what cannot be a job."
  (let ((builder (ffi:job-builder-new)))
    (set-given! builder
      (ffi:job-builder-set-key key)
      (ffi:job-builder-set-kind kind)
      (ffi:job-builder-set-name name)
      (ffi:job-builder-set-system system)
      (ffi:job-builder-set-features features)
      (ffi:job-builder-set-depends depends)
      (ffi:job-builder-set-argv argv)
      (ffi:job-builder-set-env env)
      (ffi:job-builder-set-payload payload)
      (ffi:job-builder-set-texts texts)
      (ffi:job-builder-set-cores cores)
      (ffi:job-builder-set-memory-bytes memory-bytes)
      (ffi:job-builder-set-timeout-s timeout-s)
      (ffi:job-builder-set-silent-timeout-s silent-timeout-s)
      (ffi:job-builder-set-log-limit-bytes log-limit-bytes))
    (for-each (lambda (value) (ffi:job-builder-add-input builder value)) inputs)
    (for-each (lambda (value)
                (ffi:job-builder-add-output
                 builder (if (string? value) (output value) value)))
              outputs)
    (ffi:job-builder-build builder)))

(define* (request jobs #:key id submitter group priority (wanted '()) rebuild?)
  "Return a request for JOBS, a job or a list of them.  WANTED are the keys of those that
count, by default all; with REBUILD? what has succeeded before is done again.  Raise an
error with the code invalid for what cannot be a request."
  (let ((builder (ffi:request-builder-new)))
    (set-given! builder
      (ffi:request-builder-set-id id)
      (ffi:request-builder-set-submitter submitter)
      (ffi:request-builder-set-group group)
      (ffi:request-builder-set-priority priority)
      (ffi:request-builder-set-wanted wanted)
      (ffi:request-builder-set-rebuild rebuild?))
    (for-each (lambda (value) (ffi:request-builder-add-job builder value))
              (if (list? jobs) jobs (list jobs)))
    (ffi:request-builder-build builder)))

(define* (artifact #:key name store-path nar-hash nar-size (references '()) deriver ca
                   (signatures '()) (locations '()))
  "Return an artifact: what an output became.  Raise an error with the code invalid for
what cannot be one."
  (let ((builder (ffi:artifact-builder-new)))
    (set-given! builder
      (ffi:artifact-builder-set-name name)
      (ffi:artifact-builder-set-store-path store-path)
      (ffi:artifact-builder-set-nar-hash nar-hash)
      (ffi:artifact-builder-set-nar-size nar-size)
      (ffi:artifact-builder-set-references references)
      (ffi:artifact-builder-set-deriver deriver)
      (ffi:artifact-builder-set-ca ca)
      (ffi:artifact-builder-set-signatures signatures))
    (for-each (lambda (value) (ffi:artifact-builder-add-location builder value))
              locations)
    (ffi:artifact-builder-build builder)))

(define* (location uri #:key (compression "none") file-hash (file-size 0))
  "Return the location of a file at URI, with what is known of the file."
  (ffi:location-new uri compression file-hash file-size))

(define* (machine-group #:key (systems (list (host-system))) (features '())
                        (kinds '("command")) (cores 0) (memory-bytes 0) (slots 1))
  "Return a group of machines for an offer: SLOTS leases at a time, of jobs with one of
KINDS for one of SYSTEMS, on CORES and MEMORY-BYTES of each; 0 means that they are not
counted."
  (ffi:machine-group-new systems features kinds cores memory-bytes slots))

(define* (offer groups #:key (state 'ready) (reasons '()))
  "Return the offer of GROUPS, a group of machines or a list of them, in STATE because of
REASONS, a list of texts."
  (ffi:offer-new-with-state (if (list? groups) groups (list groups)) state reasons))

(define* (query #:key request (states '()) (after 0) (limit 100))
  "Return the query for at most LIMIT jobs, of the request with the id REQUEST if it is
given, in one of STATES, a list of symbols, or any if it is empty; AFTER is 0 or the
`job-page-next' of the page before."
  (ffi:query-new request (map symbol->string states) after limit))

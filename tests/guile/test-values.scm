;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Values: what their constructors make of keywords, how they compare and are printed.
(use-modules ((buildq) #:prefix bq:)
             ((buildq) #:select (job input output request location machine-group offer))
             (tap))

(define hello
  (job #:key "hello" #:argv '("echo" "żółw") #:env '("A=b") #:depends '("first")
       #:inputs (list (input "x" #:job "first" #:at "src") (input "y" #:job "first" #:output "lib"))
       #:outputs (list "out" (output "log" "build.log"))
       #:features '("kvm") #:cores 2 #:memory-bytes 1000 #:timeout-s 3
       #:silent-timeout-s 4 #:log-limit-bytes 5 #:name "Hello"))

(check "defaults of a job" (list "command" (bq:host-system))
       (list (bq:job-kind hello) (bq:job-system hello)))
(check "what is given" '("hello" "Hello" ("echo" "żółw") ("A=b") ("first") ("kvm") 2 1000 3 4 5)
       (map (lambda (get) (get hello))
            (list bq:job-key bq:job-name bq:job-argv bq:job-env bq:job-depends
                  bq:job-features bq:job-cores bq:job-memory-bytes bq:job-timeout-s
                  bq:job-silent-timeout-s bq:job-log-limit-bytes)))
(check "outputs" '(("out" #f) ("log" "build.log"))
       (map (lambda (output) (list (bq:output-name output) (bq:output-path output)))
            (bq:job-outputs hello)))
(check "inputs" '(("x" "first" "src") ("y" "first" #f))
       (map (lambda (input)
              (list (bq:input-name input) (bq:input-job input) (bq:input-at input)))
            (bq:job-inputs hello)))
(check "JSON and back" #t (bq:job=? hello (bq:json->job (bq:job->json hello))))
(check "equal?, as C sees it" #f (bq:job=? hello (job #:key "hello" #:argv '("x"))))
(check "predicates" '(#t #f #f) (map bq:job? (list hello (output "out") 'job)))

(define both (request (list hello (job #:key "first" #:argv '("true") #:outputs '("out" "lib")))
                      #:id "r" #:group "g" #:submitter "me" #:priority 7 #:wanted '("hello")
                      #:rebuild? #t))
(check "a request" '("r" "g" "me" 7 ("hello") #t ("hello" "first"))
       (list (bq:request-id both) (bq:request-group both) (bq:request-submitter both)
             (bq:request-priority both) (bq:request-wanted both) (bq:request-rebuild? both)
             (map bq:job-key (bq:request-jobs both))))

(define machine
  (offer (list (machine-group #:systems '("a" "b") #:kinds '("k") #:features '("f")
                              #:cores 8 #:memory-bytes 9 #:slots 2)
               (machine-group))
         #:state 'busy #:reasons '("full")))
(check "an offer" `(busy ("full") (2 1) (("a" "b") (,(bq:host-system))))
       (list (bq:offer-state machine) (bq:offer-reasons machine)
             (map bq:machine-group-slots (bq:offer-groups machine))
             (map bq:machine-group-systems (bq:offer-groups machine))))

(define path "/buildq/store/kb0wf89v5mly2n32374nlds1xawxmhz5-first")
(define first-output
  (bq:artifact #:name "out" #:store-path path #:nar-size 120
               #:nar-hash "sha256:0sg9f58l1jj88w6pdrfdpj5x9b1zrwszk84j81zvby36q9whhhqa"
               #:locations (list (location "file:///tmp/x"))))
(check "an artifact" (list path 120 '("file:///tmp/x"))
       (list (bq:artifact-store-path first-output) (bq:artifact-nar-size first-output)
             (map bq:location-uri (bq:artifact-locations first-output))))
(check "a query" '("r" ("ready" "failed") 5 10)
       (let ((query (bq:query #:request "r" #:states '(ready failed) #:after 5 #:limit 10)))
         (list (bq:query-request query) (bq:query-states query)
               (bq:query-after query) (bq:query-limit query))))

(check "they are printed with what names them"
       (list "#<job hello>" "#<request of 2>" (string-append "#<artifact out " path ">")
             "#<location file:///tmp/x>" "#<input x>" "#<output out>")
       (map (lambda (value) (format #f "~a" value))
            (list hello both first-output (location "file:///tmp/x")
                  (input "x" #:path path) (output "out"))))
(done)

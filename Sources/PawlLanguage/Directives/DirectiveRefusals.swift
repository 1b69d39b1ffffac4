extension Directives {
    /// Why a directive of systemd's would break what pawl promises of a step; nil for all others.
    static func refusal(_ name: String) -> String? { refused[name] }

    /// The names of all that are refused.
    package static var refusedNames: [String] { refused.keys.sorted() }

    private static let refused: [String: String] = {
        var result: [String: String] = [:]
        for (names, reason) in refusals {
            for name in words(names) { result[name] = reason }
        }
        return result
    }()

    private static let refusals: [(names: String, reason: String)] = [
        ("Type BusName", "how pawl sees a step's end hangs on it"),
        ("RemainAfterExit ExitType GuessMainPID PIDFile", "a step has ended when its main process has"),
        ("KillMode SendSIGKILL FinalKillSignal SurviveFinalKillSignal", "nothing of a step may outlive it"),
        ("PAMName", "its session would hold what the step starts, and that would outlive it"),
        (
            """
            TimeoutStopSec TimeoutAbortSec TimeoutSec TimeoutStartSec RuntimeMaxSec RuntimeRandomizedExtraSec \
            TimeoutStartFailureMode TimeoutStopFailureMode
            """, "the step's own 'timeout' sets it"
        ),
        ("JobTimeoutSec JobRunningTimeoutSec", "a start that is given up leaves no result"),
        ("Slice InSlice SliceOf", "a step runs in the slice of its run"),
        ("CollectMode", "systemd keeps a step until its result is on disk"),
        (
            """
            FailureAction SuccessAction FailureActionExitStatus SuccessActionExitStatus JobTimeoutAction \
            JobTimeoutRebootArgument StartLimitAction RebootArgument AllowIsolate
            """, "one step must not decide over the host"
        ),
        (
            "OnFailure OnSuccess OnFailureJobMode OnSuccessJobMode OnFailureOf OnSuccessOf Triggers TriggeredBy",
            "other units are not started by a step's end, nor a step by theirs"
        ),
        ("Conflicts ConflictedBy PropagatesStopTo ConsistsOf", "a step must not stop other units"),
        (
            "RequiredBy RequisiteOf WantedBy BoundBy UpheldBy References ReferencedBy",
            "another unit says itself what it needs"
        ),
        ("StopWhenUnneeded", "no unit needs a step, and it would be stopped at once"),
        (
            "ExecReload ExecReloadEx ReloadSignal PropagatesReloadTo ReloadPropagatedFrom Markers",
            "a step is not reloaded"
        ),
        (
            "LogNamespace LogExtraFields SyslogIdentifier StandardOutput StandardError",
            "pawl finds a step's output by it"
        ),
        ("StandardInput", "a step reads what 'StandardInputText' or 'StandardInputData' says, or nothing"),
        ("LogRateLimitIntervalSec LogRateLimitBurst", "a step's output is kept whole"),
        ("NotifyAccess", "only the step's own processes may speak for it"),
        (
            "FileDescriptorStoreMax FileDescriptorStorePreserve",
            "no later start would take the descriptors out again"
        ),
        ("USBFunctionDescriptors USBFunctionStrings", "no socket starts a step"),
        ("DefaultDependencies", "a step has to stop before the host goes down"),
        ("Environment EnvironmentFile PassEnvironment UnsetEnvironment", "the step's own 'env' sets the environment"),
        ("WorkingDirectory", "a step that cannot enter it would leave no result; change the folder in the script"),
        (
            "RuntimeDirectory RuntimeDirectoryMode RuntimeDirectoryPreserve",
            "pawl marks a step that was started by it; make the folder in the script"
        ),
        ("RootDirectoryStartOnly PermissionsStartOnly", "what is in the step's root must not record its result"),
        ("Description Documentation SourcePath", "pawl describes its units itself"),
        ("CPUAccounting MemoryAccounting IOAccounting BlockIOAccounting TasksAccounting", "it is always on"),
        (
            """
            LoadCredential LoadCredentialEncrypted SetCredential SetCredentialEncrypted ImportCredential \
            ImportCredentialEx
            """, "the step's own 'credentials' names them"
        ),
        (
            """
            ExecStart ExecStartPre ExecStartPost ExecCondition ExecStop ExecStopPost ExecStartEx ExecStartPreEx \
            ExecStartPostEx ExecConditionEx ExecStopEx ExecStopPostEx
            """, "what a unit executes is the step itself"
        ),
        ("SuccessExitStatus", "the step's own 'on_exit_code' says which exit statuses are a success"),
        (
            """
            Restart RestartSec RestartMode RestartSteps RestartMaxDelaySec RestartKillSignal RestartPreventExitStatus \
            RestartForceExitStatus
            """, "the step's own 'retry_policy' says when it runs again"
        ),
        ("StartLimitBurst StartLimitIntervalSec StartLimitInterval", "pawl counts the tries itself"),
        ("RefuseManualStart RefuseManualStop", "pawl starts and stops a step by hand"),
        (
            "PrivateTmpEx PrivateUsersEx ProtectControlGroupsEx",
            "it is the bus's name for further values of the directive without 'Ex'"
        ),
        ("Sockets", "no socket starts a step"), ("NonBlocking", "it is about sockets, and none starts a step"),
    ]
}

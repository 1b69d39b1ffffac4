extension Directives {
    /// Why a directive of systemd's would break what pawl promises of a step; nil for all others.
    static func refusal(_ name: String) -> String? {
        switch name {
        case "Type": return "how pawl sees a step's end hangs on it"
        case "RemainAfterExit", "ExitType", "GuessMainPID", "PIDFile":
            return "a step has ended when its main process has"
        case "KillMode", "SendSIGKILL": return "nothing of a step may outlive it"
        case "TimeoutStopSec", "TimeoutAbortSec", "TimeoutSec", "TimeoutStartSec", "RuntimeMaxSec",
            "RuntimeRandomizedExtraSec", "TimeoutStartFailureMode", "TimeoutStopFailureMode":
            return "the step's own 'timeout' sets it"
        case "Slice": return "a step runs in the slice of its run"
        case "CollectMode": return "systemd keeps a step until its result is on disk"
        case "FailureAction", "SuccessAction", "JobTimeoutAction", "StartLimitAction":
            return "one step must not decide over the host"
        case "OnFailure", "OnSuccess", "OnFailureJobMode", "OnSuccessJobMode":
            return "other units are not started by a step's end"
        case "LogNamespace", "LogExtraFields", "SyslogIdentifier", "StandardOutput", "StandardError", "StandardInput":
            return "pawl finds a step's output by it"
        case "LogRateLimitIntervalSec", "LogRateLimitBurst": return "a step's output is kept whole"
        case "NotifyAccess": return "only the step's own processes may speak for it"
        case "DefaultDependencies": return "a step has to stop before the host goes down"
        case "Environment", "EnvironmentFile", "PassEnvironment", "UnsetEnvironment":
            return "the step's own 'env' sets the environment"
        case "WorkingDirectory":
            return "a step that cannot enter it would leave no result; change the folder in the script"
        case "RootDirectoryStartOnly": return "what is in the step's root must not record its result"
        case "Description", "Documentation": return "pawl describes its units itself"
        case "CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting": return "it is always on"
        case "LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted":
            return "the step's own 'credentials' names them"
        default: break
        }
        if name.hasPrefix("Exec"), execDirectives.contains(name) { return "what a unit executes is the step itself" }
        if name.hasPrefix("Restart") { return "the step's own 'retry_policy' says when it runs again" }
        if name.hasPrefix("StartLimit") { return "pawl counts the tries itself" }
        if name.hasPrefix("RefuseManual") { return "pawl starts and stops a step by hand" }
        return nil
    }

    private static let execDirectives: Set<String> = [
        "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecReload", "ExecStop", "ExecStopPost",
    ]

    /// Directives that a transient service of systemd's takes and that the table does not have yet.
    static let known: Set<String> = Set(
        """
        AllowedCPUs AllowedMemoryNodes AmbientCapabilities AppArmorProfile BindPaths BindReadOnlyPaths \
        BlockIOAccounting BlockIOWeight CacheDirectory CacheDirectoryMode CapabilityBoundingSet ConfigurationDirectory \
        ConfigurationDirectoryMode CoredumpFilter CPUAffinity CPUQuotaPeriodSec CPUSchedulingPolicy \
        CPUSchedulingPriority CPUSchedulingResetOnFork CPUShares Delegate DeviceAllow DevicePolicy \
        DisableControllers EnvironmentFile ExecPaths ExecSearchPath ExtensionDirectories ExtensionImages \
        FinalKillSignal IgnoreSIGPIPE InaccessiblePaths IODeviceLatencyTargetSec IODeviceWeight IOReadBandwidthMax \
        IOReadIOPSMax IOSchedulingClass IOSchedulingPriority IOWriteBandwidthMax IOWriteIOPSMax IPAccounting \
        IPAddressAllow IPAddressDeny IPCNamespacePath IPIngressFilterPath IPEgressFilterPath KeyringMode KillSignal \
        LimitAS LimitCORE LimitCPU LimitDATA LimitFSIZE LimitLOCKS LimitMEMLOCK LimitMSGQUEUE LimitNICE LimitNOFILE \
        LimitNPROC LimitRSS LimitRTPRIO LimitRTTIME LimitSIGPENDING LimitSTACK LockPersonality LogLevelMax \
        LogsDirectory LogsDirectoryMode ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit ManagedOOMPreference \
        ManagedOOMSwap MemoryDenyWriteExecute MemoryLimit MemoryLow MemoryMin MemorySwapMax MountAPIVFS MountFlags \
        MountImages NetworkNamespacePath NoExecPaths NUMAMask NUMAPolicy OOMPolicy OOMScoreAdjust PAMName Personality \
        PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivateUsers ProcSubset ProtectClock \
        ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc \
        ReadOnlyPaths RemoveIPC RestrictAddressFamilies RestrictFileSystems RestrictNamespaces \
        RestrictNetworkInterfaces RestrictRealtime RestrictSUIDSGID RootEphemeral \
        RootHash RootImageOptions RootVerity RuntimeDirectory RuntimeDirectoryMode RuntimeDirectoryPreserve \
        SecureBits SELinuxContext SmackProcessLabel SocketBindAllow SocketBindDeny StartupAllowedCPUs \
        StartupBlockIOWeight StartupCPUShares StartupCPUWeight StartupIOWeight StateDirectory StateDirectoryMode \
        SupplementaryGroups SyslogFacility SyslogLevel SyslogLevelPrefix SystemCallArchitectures \
        SystemCallErrorNumber SystemCallFilter SystemCallLog TemporaryFileSystem TimerSlackNSec TTYPath UtmpIdentifier \
        UtmpMode After Before Wants Requires Requisite BindsTo PartOf Upholds Conflicts JoinsNamespaceOf \
        RequiresMountsFor StopWhenUnneeded IgnoreOnIsolate JobTimeoutSec JobRunningTimeoutSec WatchdogSec \
        WatchdogSignal BusName Sockets FileDescriptorStoreMax USBFunctionDescriptors NonBlocking ReloadSignal
        """.split(separator: " ").map(String.init))
}

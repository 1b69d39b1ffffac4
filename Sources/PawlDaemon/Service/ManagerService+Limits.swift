import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import VarlinkKit

extension ManagerService {
    /// Sets limits of the slice of a run that goes on. What systemd refuses is as if nobody had asked for it.
    func setProperties(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.SetProperties.self)
        let detail = request.properties.joined(separator: " ")
        try await act("set-property", onRun: request.run, detail: detail, rights, call) { row, requester in
            let limits: [ParentRun.Above.Limit]
            do throws(RenderFault) { limits = try LimitText.read(request.properties) } catch {
                throw APIError(.invalidVariable, "nothing was set: \(error.description)")
            }
            if let manager = await library.manager.user {
                for limit in limits {
                    do throws(DirectiveFault) { try Directives.checkUser(limit.name, limit.values, manager) } catch {
                        throw APIError(.invalidVariable, "nothing was set: \(error)")
                    }
                }
            }
            let (slice, before) = try await conductor.setLimits(
                of: row.id, RunLimited(limits: limits, requester: requester))
            do throws(ServiceManagerFault) { try await give(slice) } catch {
                guard case .refused(let words) = error else {
                    throw APIError(
                        .internalError,
                        "it is recorded, and the slice is given its limits with the next step, or once pawld is started "
                            + "again: \(error)")
                }
                let (slice, _) = try await conductor.setLimits(of: row.id, before)
                // It never had the others.
                slices.note(slice)
                throw APIError(.invalidVariable, "nothing was set, since systemd refused it: \(words)")
            }
            let (status, _) = try await conductor.status(of: row.id)
            try await call.reply(Messages.Status(status: status))
        }
    }

    private func give(_ slice: StepUnit.Slice) async throws(ServiceManagerFault) {
        slices.note(slice)
        try await slices.limit(slice)
    }
}

// Runs one step of an adapter. A step either succeeds, or says what the program said; whether that is the end
// or worth another try is for the applier to decide.
#pragma once

#include "adapters/agent/runtime.hpp"
#include "adapters/agent/spec.hpp"

namespace pic::agent {

/// Refusals: "refused" when the program said that its input is bad (trying again is useless), "failed" for
/// anything else; the detail is what the program said, without keys, at most report_detail_limit bytes.
[[nodiscard]] Result<void> run_step(const StepSpec& step, const Values& values, Runtime& runtime);

/// Whether a change of these names ("wg0.conf", "parameters/mtu") concerns the step. A step without patterns
/// is concerned by every change.
[[nodiscard]] bool concerns(const StepSpec& step, const std::vector<std::string>& changed);

/// `text` fit for a report: whatever looks like a key (32 bytes in base64) is masked, the end is kept when it
/// is too long.
[[nodiscard]] std::string presentable(std::string text);

}  // namespace pic::agent

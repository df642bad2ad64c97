#include "base/limits.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

#include <unistd.h>

namespace conv1d::memory {
namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// The number in a file that holds one ("max" and an absent file: unlimited).
std::size_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::size_t value = 0;
  return file >> value ? value : kUnlimited;
}

/// The number after `key` in a file of "key: value [kB]" or "key value" lines; 0 where there is none.
std::size_t number_after(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    if (word != key) continue;
    std::size_t value = 0;
    file >> value;
    return value;
  }
  return 0;
}

/// The folder of the memory controller that the process belongs to, and the names of its files (version 2 or 1).
struct ControlGroup {
  std::string folder;
  const char* limit = "/memory.max";
  const char* used = "/memory.current";
};

ControlGroup control_group() {
  std::ifstream file("/proc/self/cgroup");
  ControlGroup group;
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers == "memory")
      return {"/sys/fs/cgroup/memory" + path, "/memory.limit_in_bytes", "/memory.usage_in_bytes"};
    if (controllers.empty()) group.folder = "/sys/fs/cgroup" + path;
  }
  return group;
}

/// Calls f(folder) for the process's group and every group around it: each limits.
template <class F> void for_each_level(const ControlGroup& group, const F& f) {
  constexpr std::size_t kRoot = sizeof("/sys/fs/cgroup") - 1;
  std::string folder = group.folder;
  while (folder.size() >= kRoot) {
    f(folder);
    folder.resize(std::min(folder.rfind('/'), folder.size()));
  }
  // Inside a container the path in /proc/self/cgroup may be the host's: the mounted root is then the group itself.
  f(std::string("/sys/fs/cgroup"));
  f(std::string("/sys/fs/cgroup/memory"));
}

}  // namespace

std::size_t total_memory() {
  static const std::size_t total = [] {
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    std::size_t bytes =
        pages > 0 && page > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page) : kUnlimited;
    if (bytes != kUnlimited) bytes += number_after("/proc/meminfo", "SwapTotal:") * 1024;
    const ControlGroup group = control_group();
    for_each_level(group, [&](const std::string& folder) { bytes = std::min(bytes, number_in(folder + group.limit)); });
    return bytes;
  }();
  return total;
}

std::size_t available_memory() {
  std::size_t bytes = number_after("/proc/meminfo", "MemAvailable:") * 1024;
  if (bytes == 0) return total_memory();  // not Linux, or /proc is not mounted
  bytes += number_after("/proc/meminfo", "SwapFree:") * 1024;
  const ControlGroup group = control_group();
  for_each_level(group, [&](const std::string& folder) {
    const std::size_t limit = number_in(folder + group.limit);
    if (limit == kUnlimited) return;
    const std::size_t used = number_in(folder + group.used);
    if (used == kUnlimited) return;
    // Pages of files count as used and are dropped on demand.
    const std::size_t files =
        number_after(folder + "/memory.stat", "inactive_file") + number_after(folder + "/memory.stat", "active_file");
    bytes = std::min(bytes, limit - std::min(limit, used - std::min(used, files)));
  });
  return bytes;
}

}  // namespace conv1d::memory

# SPDX-License-Identifier: MIT
# timeout: 120
# A command in the ready-made guest, without virtiofsd: its program alone, its output and its status.
vmm_limit=100
vmm -- busybox sh -c 'uname -m; echo err >&2; exit 7'
expect_status 7
expect_line '^aarch64$'
expect_error '^err$'

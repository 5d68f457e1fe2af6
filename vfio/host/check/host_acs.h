/* SPDX-License-Identifier: MIT */
/*
 * Why devices share an IOMMU group: what on the way up to the CPU cannot keep them apart.
 *
 * Read beside it: PCI Express 4.0, 6.12 (Access Control Services).
 */
#ifndef MINIVMM_HOST_ACS_H
#define MINIVMM_HOST_ACS_H

#define HOST_ACS_TEXT_MAX 160

/*
 * "the port 0000:00:1c.0 above lacks ACS". Without root the capabilities of a port cannot be seen,
 * and it is that which is said.
 */
void host_explain_group(const char *bdf, char why[HOST_ACS_TEXT_MAX]);

#endif

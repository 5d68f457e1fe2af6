/* SPDX-License-Identifier: MIT */
#include "vfio_policy.h"

#include <linux/pci_regs.h>
#include <stddef.h>
#include <string.h>

#include "vmm/trace/macros.h"

#define ALL 0xffffffffu

/* Newer than linux/pci_regs.h of Debian 12. */
#define POLICY_EXT_CAP_MARGIN  0x27
#define POLICY_EXT_CAP_NPEM    0x29
#define POLICY_EXT_CAP_PL_32GT 0x2a
#define POLICY_EXT_CAP_DOE     0x2e
#define POLICY_EXT_CAP_DEV3    0x2f
#define POLICY_EXT_CAP_IDE     0x30
#define POLICY_EXT_CAP_PL_64GT 0x31

/* What minivmm acts upon, and keeps; and what the device may leave out, whose word counts. */
#define COMMAND_KEPT                                                                               \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE)
#define COMMAND_DEVICE (PCI_COMMAND_INVALIDATE | PCI_COMMAND_PARITY | PCI_COMMAND_SERR)
#define STATUS_ERRORS  0xf900u

static const char policy_identity[] = "read once at the start; can be overridden";
static const char policy_vectors[] =
	"vectors go to the guest by eventfd, never by the guest's addresses";
static const char policy_read_only[] = "read-only";
static const char policy_header_only[] =
	"of no known length: what follows its header is the driver's";
static const char policy_null[] = "holds no register";
static const char policy_address[] = "the guest's addresses are not the host's";

static const struct vfio_field policy_header[] = {
	{ PCI_VENDOR_ID, 4, 0, ALL, 0, 0, 0, policy_identity },
	{ PCI_COMMAND, 2, 0, 0xffff & ~COMMAND_DEVICE, COMMAND_KEPT, COMMAND_KEPT | COMMAND_DEVICE,
	  0, "what the guest switched on, whatever the host did before" },
	{ PCI_STATUS, 2, 0, PCI_STATUS_CAP_LIST, 0, STATUS_ERRORS, STATUS_ERRORS, NULL },
	{ PCI_CLASS_REVISION, 4, 0, ALL, 0, 0, 0, policy_identity },
	{ PCI_CACHE_LINE_SIZE, 1, 0, 0xff, 0xff, 0, 0,
	  "set by the host for its bus; the guest's is its own" },
	{ PCI_LATENCY_TIMER, 1, 0, 0xff, 0, 0, 0, "arbitration of the host's bus" },
	{ PCI_HEADER_TYPE, 1, 0, 0xff, 0, 0, 0,
	  "whether the slot has more functions is decided by what is passed through" },
	/* Drivers of disk controllers reset them by a self-test: ipr, pmcraid. */
	{ PCI_BIST, 1, 0, 0, 0, PCI_BIST_START, 0, NULL },
	/* pci_set_bar() makes BARs writable. */
	{ PCI_BASE_ADDRESS_0, 4, 0, ALL, 0, 0, 0, policy_address },
	{ PCI_BASE_ADDRESS_1, 4, 0, ALL, 0, 0, 0, policy_address },
	{ PCI_BASE_ADDRESS_2, 4, 0, ALL, 0, 0, 0, policy_address },
	{ PCI_BASE_ADDRESS_3, 4, 0, ALL, 0, 0, 0, policy_address },
	{ PCI_BASE_ADDRESS_4, 4, 0, ALL, 0, 0, 0, policy_address },
	{ PCI_BASE_ADDRESS_5, 4, 0, ALL, 0, 0, 0, policy_address },
	{ PCI_CARDBUS_CIS, 4, 0, ALL, 0, 0, 0, policy_identity },
	{ PCI_SUBSYSTEM_VENDOR_ID, 4, 0, ALL, 0, 0, 0, policy_identity },
	{ PCI_ROM_ADDRESS, 4, 0, ALL, 0, 0, 0, policy_address },
	{ PCI_CAPABILITY_LIST, 4, 0, ALL, 0, 0, 0, "the list leaves out what is hidden" },
	{ 0x38, 4, 0, ALL, 0, 0, 0, policy_identity },
	{ PCI_INTERRUPT_LINE, 1, 0, 0xff, 0xff, 0, 0, "the guest's number, not the host's" },
	{ PCI_INTERRUPT_PIN, 1, 0, 0xff, 0, 0, 0, "0 where the pin cannot reach the guest" },
	{ PCI_MIN_GNT, 2, 0, 0xffff, 0, 0, 0, policy_identity },
};

/* Drivers write the power state and the selector of the data register. PME belongs to the host. */
static const struct vfio_field policy_pm[] = {
	{ PCI_PM_PMC, 2, 0, 0xffff, 0, 0, 0, "wake-up events belong to the host" },
	{ PCI_PM_CTRL, 2, 0, 0, 0, PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_DATA_SEL_MASK,
	  PCI_PM_CTRL_PME_STATUS, NULL },
};

static const struct vfio_field policy_vpd[] = {
	{ PCI_VPD_ADDR, 2, 0, 0, 0, 0xffff, 0, NULL },
	{ PCI_VPD_DATA, 4, 0, 0, 0, ALL, 0, NULL },
};

static const struct vfio_field policy_af[] = {
	{ PCI_AF_CTRL, 1, 0, 0, 0, PCI_AF_CTRL_FLR, 0, NULL },
};

#define MASK_32 (VFIO_FIELD_MSI32 | VFIO_FIELD_MASK)
#define MASK_64 (VFIO_FIELD_MSI64 | VFIO_FIELD_MASK)

/* msi_init() makes these registers writable. */
static const struct vfio_field policy_msi[] = {
	{ PCI_MSI_FLAGS, 2, 0, 0xffff, 0, 0, 0, NULL },
	{ PCI_MSI_ADDRESS_LO, 4, 0, ALL, 0, 0, 0, NULL },
	{ PCI_MSI_DATA_32, 2, VFIO_FIELD_MSI32, 0xffff, 0, 0, 0, NULL },
	{ PCI_MSI_MASK_32, 4, MASK_32, ALL, 0, 0, 0, NULL },
	{ PCI_MSI_PENDING_32, 4, MASK_32, ALL, 0, 0, 0, NULL },
	{ PCI_MSI_ADDRESS_HI, 4, VFIO_FIELD_MSI64, ALL, 0, 0, 0, NULL },
	{ PCI_MSI_DATA_64, 2, VFIO_FIELD_MSI64, 0xffff, 0, 0, 0, NULL },
	{ PCI_MSI_MASK_64, 4, MASK_64, ALL, 0, 0, 0, NULL },
	{ PCI_MSI_PENDING_64, 4, MASK_64, ALL, 0, 0, 0, NULL },
};

static const struct vfio_field policy_msix[] = {
	{ PCI_MSIX_FLAGS, 2, 0, 0xffff, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 0, 0,
	  NULL },
	{ PCI_MSIX_TABLE, 4, 0, ALL, 0, 0, 0, NULL },
	{ PCI_MSIX_PBA, 4, 0, ALL, 0, 0, 0, NULL },
};

/*
 * The bits of Device Control that concern the function alone go through: error reporting, ordering,
 * payload sizes, the function-level reset. The kernel filters them once more.
 */
#define DEVCTL_BITS              (0xffffu & ~(PCI_EXP_DEVCTL_PHANTOM | PCI_EXP_DEVCTL_AUX_PME))
#define DEVCTL2_10BIT_TAG_REQ_EN 0x1000u /* newer than linux/pci_regs.h of Debian 12 */
#define DEVCTL2_BITS                                                                               \
	(PCI_EXP_DEVCTL2_COMP_TIMEOUT | PCI_EXP_DEVCTL2_COMP_TMOUT_DIS |                           \
	 PCI_EXP_DEVCTL2_ATOMIC_REQ | PCI_EXP_DEVCTL2_IDO_REQ_EN | PCI_EXP_DEVCTL2_IDO_CMP_EN |    \
	 DEVCTL2_10BIT_TAG_REQ_EN)
#define V2_LINK (VFIO_FIELD_V2 | VFIO_FIELD_LINK)

static const char policy_vendor[] = "registers that only the device's driver knows: all its own";
static const char policy_no_link[] = "there is no link on a root bus";

static const struct vfio_field policy_pcie[] = {
	{ PCI_EXP_FLAGS, 2, 0, 0xffff, 0, 0, 0, NULL },
	{ PCI_EXP_DEVCTL, 2, 0, 0, 0, DEVCTL_BITS, 0, NULL },
	{ PCI_EXP_DEVSTA, 2, 0, 0, 0, 0x000f, 0x000f, NULL },
	{ PCI_EXP_LNKCAP, 4, VFIO_FIELD_LINK, ALL, 0, 0, 0, policy_no_link },
	{ PCI_EXP_LNKCTL, 4, VFIO_FIELD_LINK, ALL, 0, 0, 0, policy_no_link },
	{ PCI_EXP_DEVCTL2, 2, VFIO_FIELD_V2, 0, 0, DEVCTL2_BITS, 0, NULL },
	{ PCI_EXP_LNKCAP2, 4, V2_LINK, ALL, 0, 0, 0, policy_no_link },
	{ PCI_EXP_LNKCTL2, 4, V2_LINK, ALL, 0, 0, 0, policy_no_link },
};

static const struct vfio_field policy_aer[] = {
	{ PCI_ERR_UNCOR_STATUS, 4, 0, 0, 0, ALL, ALL, NULL },
	{ PCI_ERR_UNCOR_MASK, 4, 0, 0, 0, ALL, 0, NULL },
	{ PCI_ERR_UNCOR_SEVER, 4, 0, 0, 0, ALL, 0, NULL },
	{ PCI_ERR_COR_STATUS, 4, 0, 0, 0, ALL, ALL, NULL },
	{ PCI_ERR_COR_MASK, 4, 0, 0, 0, ALL, 0, NULL },
	{ PCI_ERR_CAP, 4, 0, 0, 0, PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE, 0, NULL },
};

/* What the function does on the bus. The bus itself belongs to the host. */
static const struct vfio_field policy_pcix[] = {
	{ PCI_X_CMD, 2, 0, 0, 0,
	  PCI_X_CMD_DPERR_E | PCI_X_CMD_ERO | PCI_X_CMD_MAX_READ | PCI_X_CMD_MAX_SPLIT, 0, NULL },
};

/* The selector chooses what the data register shows, and changes nothing else. */
static const struct vfio_field policy_power_budget[] = {
	{ PCI_PWR_DSR, 1, 0, 0, 0, 0xff, 0, NULL },
};

#define FIELDS(table) table, array_size(table)
#define NO_FIELDS     NULL, 0

const struct vfio_policy vfio_policy_header = {
	"header",       false, 0, VFIO_CAP_EMULATE, PCI_STD_HEADER_SIZEOF, FIELDS(policy_header),
	policy_identity
};

/* clang-format off */
#define CAP(id, length, action, name, fields, why)                                                 \
	{ name, false, id, VFIO_CAP_##action, length, fields, why }
#define EXT(id, length, action, name, fields, why)                                                 \
	{ name, true, id, VFIO_CAP_##action, length, fields, why }

static const struct vfio_policy policy_caps[] = {
	CAP(0, 2, HIDE, "null", NO_FIELDS, policy_null),
	CAP(PCI_CAP_ID_PM, 8, PASS, "Power Management", FIELDS(policy_pm),
	    "the guest suspends its device"),
	CAP(PCI_CAP_ID_AGP, 12, HIDE, "AGP", NO_FIELDS, "the guest has no AGP bridge"),
	CAP(PCI_CAP_ID_VPD, 8, PASS, "Vital Product Data", FIELDS(policy_vpd),
	    "product data is the device's own"),
	CAP(PCI_CAP_ID_MSI, 0, EMULATE, "MSI", FIELDS(policy_msi), policy_vectors),
	CAP(PCI_CAP_ID_PCIX, 0, PASS, "PCI-X", FIELDS(policy_pcix),
	    "the driver sets what the function uses of its bus"),
	CAP(PCI_CAP_ID_HT, 0, PASS, "HyperTransport", NO_FIELDS,
	    "read-only: mappings and links are the host's bus'"),
	CAP(PCI_CAP_ID_VNDR, 0, PASS, "Vendor Specific", NO_FIELDS, policy_vendor),
	CAP(PCI_CAP_ID_DBG, 4, PASS, "Debug Port", NO_FIELDS, "says where in a BAR it lies"),
	CAP(PCI_CAP_ID_SSVID, 8, PASS, "Subsystem ID of a bridge", NO_FIELDS, policy_read_only),
	CAP(PCI_CAP_ID_EXP, 0, EMULATE, "PCI Express", FIELDS(policy_pcie),
	    "an endpoint on a root bus is integrated"),
	CAP(PCI_CAP_ID_MSIX, 12, EMULATE, "MSI-X", FIELDS(policy_msix), policy_vectors),
	CAP(PCI_CAP_ID_SATA, 0, PASS, "SATA", NO_FIELDS, "says where in a BAR it lies"),
	CAP(PCI_CAP_ID_AF, 6, PASS, "Advanced Features", FIELDS(policy_af),
	    "the driver may reset its function"),
	CAP(PCI_CAP_ID_EA, 0, HIDE, "Enhanced Allocation", NO_FIELDS,
	    "fixed addresses are the host's; the guest sees ordinary BARs"),

	EXT(0, 4, HIDE, "null", NO_FIELDS, policy_null),
	EXT(PCI_EXT_CAP_ID_ERR, 0, PASS, "Advanced Error Reporting", FIELDS(policy_aer),
	    "the driver reads its errors"),
	EXT(PCI_EXT_CAP_ID_VC, 0, PASS, "Virtual Channel", NO_FIELDS,
	    "read-only: channels are arranged along the host's bus"),
	EXT(PCI_EXT_CAP_ID_DSN, 12, PASS, "Device Serial Number", NO_FIELDS, "the device's own"),
	EXT(PCI_EXT_CAP_ID_PWR, 16, PASS, "Power Budgeting", FIELDS(policy_power_budget),
	    "read by picking an entry; the slot's power is the host's business"),
	EXT(PCI_EXT_CAP_ID_RCLD, 0, PASS, "Root Complex Link Declaration", NO_FIELDS,
	    policy_header_only),
	EXT(PCI_EXT_CAP_ID_MFVC, 0, PASS, "Multi-Function Virtual Channel", NO_FIELDS,
	    policy_read_only),
	EXT(PCI_EXT_CAP_ID_VC9, 0, PASS, "Virtual Channel of one function", NO_FIELDS,
	    policy_read_only),
	EXT(PCI_EXT_CAP_ID_VNDR, 0, PASS, "Vendor Specific", NO_FIELDS, policy_vendor),
	EXT(PCI_EXT_CAP_ID_ACS, 0, HIDE, "Access Control Services", NO_FIELDS,
	    "isolation is the host's business"),
	EXT(PCI_EXT_CAP_ID_ARI, 8, HIDE, "Alternative Routing ID", NO_FIELDS,
	    "function numbers are minivmm's, not the device's"),
	EXT(PCI_EXT_CAP_ID_ATS, 8, HIDE, "Address Translation Service", NO_FIELDS,
	    "translations are the host IOMMU's: the guest has none"),
	EXT(PCI_EXT_CAP_ID_SRIOV, 64, HIDE, "SR-IOV", NO_FIELDS,
	    "virtual functions appear on the host's bus, not on the guest's"),
	EXT(PCI_EXT_CAP_ID_MCAST, 40, HIDE, "Multicast", NO_FIELDS,
	    "groups are arranged by the host's bridges"),
	EXT(PCI_EXT_CAP_ID_PRI, 16, HIDE, "Page Request Interface", NO_FIELDS,
	    "guest RAM is pinned: no page faults"),
	EXT(PCI_EXT_CAP_ID_REBAR, 0, HIDE, "Resizable BAR", NO_FIELDS,
	    "a BAR that changes its size would need a new window"),
	EXT(PCI_EXT_CAP_ID_DPA, 0, PASS, "Dynamic Power Allocation", NO_FIELDS,
	    "read-only: the slot's power is the host's business"),
	EXT(PCI_EXT_CAP_ID_TPH, 0, HIDE, "TPH Requester", NO_FIELDS,
	    "steering tags name the host's processors"),
	EXT(PCI_EXT_CAP_ID_LTR, 8, HIDE, "Latency Tolerance Reporting", NO_FIELDS,
	    "latencies are told to the host's bridge"),
	EXT(PCI_EXT_CAP_ID_SECPCI, 0, HIDE, "Secondary PCI Express", NO_FIELDS, policy_no_link),
	EXT(PCI_EXT_CAP_ID_PASID, 8, HIDE, "PASID", NO_FIELDS, "needs an IOMMU in the guest"),
	EXT(PCI_EXT_CAP_ID_DPC, 0, HIDE, "Downstream Port Containment", NO_FIELDS,
	    "how errors are contained is the host's business"),
	EXT(PCI_EXT_CAP_ID_L1SS, 20, HIDE, "L1 PM Substates", NO_FIELDS, policy_no_link),
	EXT(PCI_EXT_CAP_ID_PTM, 12, HIDE, "Precision Time Measurement", NO_FIELDS,
	    "the time source is at the host's end of the link"),
	EXT(PCI_EXT_CAP_ID_DVSEC, 0, PASS, "Designated Vendor Specific", NO_FIELDS,
	    policy_vendor),
	EXT(VFIO_EXT_CAP_VF_REBAR, 0, HIDE, "VF Resizable BAR", NO_FIELDS, "belongs to SR-IOV"),
	EXT(PCI_EXT_CAP_ID_DLF, 12, HIDE, "Data Link Feature", NO_FIELDS, policy_no_link),
	EXT(PCI_EXT_CAP_ID_PL_16GT, 0, HIDE, "Physical Layer 16 GT/s", NO_FIELDS, policy_no_link),
	EXT(POLICY_EXT_CAP_MARGIN, 0, PASS, "Lane Margining", NO_FIELDS, policy_header_only),
	EXT(POLICY_EXT_CAP_DEV3, 0, PASS, "Device 3", NO_FIELDS, policy_header_only),
	EXT(POLICY_EXT_CAP_IDE, 0, PASS, "Integrity and Data Encryption", NO_FIELDS,
	    policy_header_only),
	EXT(POLICY_EXT_CAP_NPEM, 16, HIDE, "Native Enclosure Management", NO_FIELDS,
	    "the indicators of the host's enclosure"),
	EXT(POLICY_EXT_CAP_PL_32GT, 0, HIDE, "Physical Layer 32 GT/s", NO_FIELDS, policy_no_link),
	EXT(POLICY_EXT_CAP_DOE, 24, HIDE, "Data Object Exchange", NO_FIELDS,
	    "a mailbox that the host's kernel may be using"),
	EXT(POLICY_EXT_CAP_PL_64GT, 0, HIDE, "Physical Layer 64 GT/s", NO_FIELDS, policy_no_link),
};
/* clang-format on */

/* Indexed by `extended`. */
static const struct vfio_policy policy_unknown[2] = {
	{ "unknown", false, 0, VFIO_CAP_PASS, 0, NO_FIELDS, policy_header_only },
	{ "unknown", true, 0, VFIO_CAP_PASS, 0, NO_FIELDS, policy_header_only },
};

const struct vfio_policy *vfio_policy_find(bool extended, uint16_t id)
{
	for (size_t i = 0; i < array_size(policy_caps); i++)
		if (policy_caps[i].extended == extended && policy_caps[i].id == id)
			return &policy_caps[i];
	return &policy_unknown[extended];
}

/* The capabilities whose length vfio-pci knows: DVSEC's from Linux 6.4 on. */
bool vfio_policy_kernel_shows(const struct vfio_policy *policy)
{
	static const uint8_t standard[] = { PCI_CAP_ID_PM,   PCI_CAP_ID_AGP,  PCI_CAP_ID_VPD,
					    PCI_CAP_ID_MSI,  PCI_CAP_ID_PCIX, PCI_CAP_ID_HT,
					    PCI_CAP_ID_VNDR, PCI_CAP_ID_EXP,  PCI_CAP_ID_MSIX,
					    PCI_CAP_ID_SATA, PCI_CAP_ID_AF };
	static const uint8_t extended[] = {
		PCI_EXT_CAP_ID_ERR,  PCI_EXT_CAP_ID_VC,    PCI_EXT_CAP_ID_DSN,
		PCI_EXT_CAP_ID_PWR,  PCI_EXT_CAP_ID_MFVC,  PCI_EXT_CAP_ID_VC9,
		PCI_EXT_CAP_ID_VNDR, PCI_EXT_CAP_ID_ACS,   PCI_EXT_CAP_ID_ARI,
		PCI_EXT_CAP_ID_ATS,  PCI_EXT_CAP_ID_SRIOV, PCI_EXT_CAP_ID_MCAST,
		PCI_EXT_CAP_ID_PRI,  PCI_EXT_CAP_ID_REBAR, PCI_EXT_CAP_ID_DPA,
		PCI_EXT_CAP_ID_TPH,  PCI_EXT_CAP_ID_LTR,   PCI_EXT_CAP_ID_DVSEC
	};

	if (policy->extended)
		return policy->id && memchr(extended, policy->id, sizeof(extended));
	return policy->id && memchr(standard, policy->id, sizeof(standard));
}

# SPDX-License-Identifier: MIT
# timeout: 150
# The trace of a start with one NVMe is compared with strace's. Each KVM and VFIO ioctl is told once, in JSON that a
# timeline viewer takes. In the text the calls come in the order in which VFIO is taught.
vmm_limit=120
bind vfio-pci 0000:01:00.0

vmm_runner='strace -f -qq -e trace=ioctl -e signal=none -o /tmp/strace'
vmm --vfio 01:00.0 --trace /tmp/trace.json $(guest 6.1-cloud) --append "$(todo read)"
vmm_runner=''
expect_status 0
expect_line "^lab: read $(image_md5 1)"
cp /tmp/trace.json /out/trace-nvme.json
expect_equal "a start that is not an array" "$(jq -r type /tmp/trace.json)" array

# Three numbers have two names, of which strace takes the first: one is for a device, the other for a container.
witness()
{
	sed 's/.*ioctl([0-9]*, \([A-Z0-9_]*\).*/\1/
		s/VFIO_DEVICE_GET_PCI_HOT_RESET_INFO/VFIO_IOMMU_GET_INFO/
		s/VFIO_DEVICE_PCI_HOT_RESET/VFIO_IOMMU_MAP_DMA/
		s/VFIO_DEVICE_QUERY_GFX_PLANE/VFIO_IOMMU_UNMAP_DMA/' /tmp/strace |
		grep -E '^(KVM|VFIO)_' | sort | uniq -c
}
told()
{
	jq -r '.[] | select(.ph == "X") | .name' /tmp/trace.json | grep -E '^(KVM|VFIO)_' | sort | uniq -c
}
witness > /tmp/witness
told > /tmp/told
expect_equal "strace and trace" "$(diff /tmp/witness /tmp/told)" ""

# The device speaks for itself: registers have names, and the route is below the write that asked for it.
vmm --vfio 01:00.0 --trace /tmp/trace.txt --trace-filter kvm,memory,irq,vfio,dma,config,bar \
	$(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
cp /tmp/trace.txt /out/trace-nvme.txt
grep -oE '^ *[0-9.]+ main +VFIO_[A-Z_]+' /tmp/trace.txt | awk '!seen[$3]++ { print $3 }' > /tmp/order
cat > /tmp/wanted <<- END
	VFIO_GET_API_VERSION
	VFIO_CHECK_EXTENSION
	VFIO_GROUP_GET_STATUS
	VFIO_GROUP_SET_CONTAINER
	VFIO_SET_IOMMU
	VFIO_GROUP_GET_DEVICE_FD
	VFIO_DEVICE_GET_INFO
	VFIO_DEVICE_GET_REGION_INFO
	VFIO_DEVICE_GET_IRQ_INFO
	VFIO_DEVICE_SET_IRQS
	VFIO_IOMMU_GET_INFO
	VFIO_IOMMU_MAP_DMA
	VFIO_IOMMU_UNMAP_DMA
	VFIO_GROUP_UNSET_CONTAINER
END
expect_equal "order of the calls" "$(diff /tmp/wanted /tmp/order)" ""
expectations=$((expectations + 1))
grep -q 'config write on 0000:01:00.0: register MSI-X Message Control.*ENABLE' /tmp/trace.txt ||
	fail "the guest's switching MSI-X on is not told"
grep -q '^ *[0-9.]* vcpu0      VFIO_DEVICE_SET_IRQS on 0000:01:00.0: kind MSI-X' /tmp/trace.txt ||
	fail "what that made of VFIO is not told below it"

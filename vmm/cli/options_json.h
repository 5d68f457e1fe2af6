/* SPDX-License-Identifier: MIT */
/*
 * JSON on the command line, as libvirt writes it.
 *
 * Owns how an object becomes the list of words that says the same. QEMU takes an object for
 * -device, -object, -netdev, -blockdev, -audiodev, -machine and others.
 */
#ifndef MINIVMM_OPTIONS_JSON_H
#define MINIVMM_OPTIONS_JSON_H

/*
 * `{"host":"0000:01:00.0","driver":"vfio-pci"}` becomes `vfio-pci,host=0000:01:00.0`, in place: the
 * kind comes first, which is the member qom-type, driver or type; true and false are on and off; a
 * list or an object as a value is `{...}`. Text that does not begin with a brace stays. 0, or
 * -EINVAL, logged as of `option`.
 */
int options_json_flatten(const char *option, char *text);

#endif

# timeout: 400
bind vfio-pci 0000:01:00.0
vmm_limit=120
vmm_start --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo busy)"
wait_line '^lab: busy' 50
# plenty of wake-ups from one processor to the other
( i=0; while [ $i -lt 100000 ]; do echo x; i=$((i+1)); done | cat | cat | cat > /dev/null ) &
j=0
while [ $j -lt 90 ]; do sleep 1; j=$((j+1)); ( i=0; while [ $i -lt 3000 ]; do echo x; i=$((i+1)); done | cat | cat > /dev/null ) ; echo $j > /out/beat; done
kill $vmm_pid
vmm_wait
expect_status 0

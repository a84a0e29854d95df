#!/bin/sh
# Makes the recordings beside this file anew, in a folder: capture.sh FOLDER.
# Needs Go, Maven and a JDK (17 or later) on Linux; nothing leaves the machine
# but for the download of the agent from Maven Central.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
mkdir -p "$1/classes"
out=$(cd "$1" && pwd)
mvn -q dependency:copy -Dartifact=io.pyroscope:agent:2.9.2 -DoutputDirectory="$out"
agent=$out/agent-2.9.2.jar
javac -cp "$agent" -d "$out/classes" "$here/Work.java"
(cd "$root" && go build -o "$out/capture" ./scripts/capture)
cd "$out" # recordings tell where they were made

# agent NAME PORT VARIABLE=VALUE...: one upload of the agent of Pyroscope.
agent() {
	name=$1 port=$2
	shift 2
	"$out/capture" -listen "127.0.0.1:$port" -out "$out/$name" &
	capture=$!
	sleep 1
	env PYROSCOPE_APPLICATION_NAME=work PYROSCOPE_LABELS=region=eu PYROSCOPE_FORMAT=jfr \
		PYROSCOPE_SERVER_ADDRESS="http://127.0.0.1:$port" PYROSCOPE_UPLOAD_INTERVAL=2s \
		PYROSCOPE_JAVA_STACK_DEPTH_MAX=64 "$@" \
		java "-javaagent:$agent" -cp "$out/classes" Work 5
	kill "$capture"
	gzip -9nc "$out/$name/2.jfr" >"$out/$name.jfr.gz"
	gzip -9nc "$out/$name/2.labels" >"$out/$name.labels.gz"
	cp "$out/$name/2.txt" "$out/$name.request"
}

agent itimer 14041 PYROSCOPE_PROFILER_EVENT=itimer PYROSCOPE_PROFILER_ALLOC=2m PYROSCOPE_ALLOC_LIVE=true PYROSCOPE_PROFILER_LOCK=1ms
agent wall 14042 PYROSCOPE_PROFILER_EVENT=wall PYROSCOPE_PROFILING_INTERVAL=50ms
agent both 14043 PYROSCOPE_PROFILER_EVENT=itimer PYROSCOPE_AP_EXTRA_ARGUMENTS=wall=100ms,nativemem=64k

# The recorder of the JDK, with the events that matter and some that do not.
events=+jdk.ExecutionSample#enabled=true,+jdk.ExecutionSample#period=10ms
events=$events,+jdk.ObjectAllocationSample#enabled=true,+jdk.JavaMonitorEnter#enabled=true,+jdk.ThreadPark#enabled=true
events=$events,+jdk.CPULoad#enabled=true,+jdk.ThreadStart#enabled=true
java "-XX:StartFlightRecording=filename=$out/jdk.jfr,settings=none,$events" -cp "$out/classes" Work 2
gzip -9nc "$out/jdk.jfr" >"$out/jdk.jfr.gz"

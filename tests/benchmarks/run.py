"""Every benchmark: each figure beside a floor that is measured in the same run."""

import bench_analyze
import bench_asking
import bench_commands
import bench_decisions
import bench_dialects
import bench_engine
import bench_log
import bench_resumed
import bench_score
import bench_tool_call

if __name__ == "__main__":
    for benchmark in (
        bench_tool_call,
        bench_engine,
        bench_log,
        bench_commands,
        bench_dialects,
        bench_analyze,
        bench_decisions,
        bench_score,
        bench_asking,
        bench_resumed,
    ):
        benchmark.main()
        print()

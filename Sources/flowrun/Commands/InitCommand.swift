import ArgumentParser
import FlowCore
import FlowSandbox
import Glibc

/// `flowrun init`: writes a project's first files.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes a folder a flowrun project: writes flowrun.yaml and .gitignore.",
        discussion: "Files that are there already stay as they are.")

    @Argument(help: "The folder; it is made where it is missing.")
    var folder: String = "."

    @Flag(help: "The environment uses the running sandbox.")
    var sandbox = false

    func run() throws {
        if !TextFile.isFolder(folder), mkdir(folder, 0o755) != 0 {
            throw FlowError(
                .fileNotWritable, "The folder \(folder) cannot be made: \(String(cString: strerror(errno))).",
                hint: "make the folders above it first")
        }
        let endpoints = sandbox ? "\n    endpoints: sandbox             # the running 'flowrun sandbox'" : ""
        let project = """
            # The project: its environments and solutions. State lies in .flowrun/, never in git.
            environments:
              default:
                store: sqlite
                durability: full               # full survives power loss, process survives kill -9
                performanceProfile: medium     # low | medium | high | unlimited: retries, quotas, limits
                coSellPlan: paid               # trial | paid\(endpoints)
                allowedHosts: []               # HOST[:PORT] beyond public addresses
                server: { listen: 127.0.0.1:7070 }   # publicUrl: where others reach it, for trigger URLs
            solutions: []                      # folders, relative to this file

            """
        try write("flowrun.yaml", project)
        try write(".gitignore", ".flowrun/\n")
        if !sandbox || SandboxControl.folder(project: folder).isHeld {
            Console.note("next: flowrun solution install PATH")
        } else {
            Console.note("next: flowrun sandbox start --detach, then flowrun solution install PATH")
        }
    }

    private func write(_ name: String, _ text: String) throws(FlowError) {
        let path = folder == "." ? name : folder + "/" + name
        let written = try TextFile.create(path, text)
        Console.write(written ? "wrote \(path)" : "kept \(path)")
    }
}

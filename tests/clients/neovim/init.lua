-- The configuration that docs/editors.md shows; NVIM_DAP is where nvim-dap lies, for who has no plug-in manager.
if vim.env.NVIM_DAP then
  vim.opt.runtimepath:append(vim.env.NVIM_DAP)
end
local dap = require('dap')
dap.adapters.tailscope = { type = 'executable', command = 'tailscope', args = { 'dap' } }
dap.configurations.python = {
  { type = 'tailscope', request = 'launch', name = 'Tailscope: current file', program = '${file}', cwd = '${workspaceFolder}' },
}

vim.lsp.config('tailscope', { cmd = { 'tailscope', 'lsp' }, filetypes = { 'python' } })
vim.lsp.enable('tailscope')

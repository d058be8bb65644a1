;; The configuration that docs/editors.md shows.
(require 'dape)
(add-to-list 'dape-configs
             '(tailscope
               modes (python-mode python-ts-mode)
               command "tailscope"
               command-args ("dap")
               :type "tailscope"
               :request "launch"
               :cwd dape-cwd
               :program dape-buffer-default))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '((python-mode python-ts-mode) . ("tailscope" "lsp"))))

;; For the screen of the test alone.
(menu-bar-mode -1)
(setq inhibit-startup-screen t
      dape-buffer-window-arrangement 'right
      ring-bell-function 'ignore)
